use super::PageText;
use crate::response::PageKind;

pub(super) const fn text(kind: PageKind) -> PageText {
    let (title, paragraph) = words(kind);
    PageText {
        title,
        paragraph,
        next: match kind {
            PageKind::Unbound => "绑定账号",
            _ => "继续",
        },
        retry: match kind {
            PageKind::LoginRequired | PageKind::LoginInFrame => "登录",
            PageKind::Forbidden => "更换账号登录",
            _ => "重新登录",
        },
        home: "返回首页",
        contact: "联系方式：",
    }
}

const fn words(kind: PageKind) -> (&'static str, &'static str) {
    match kind {
        PageKind::LoginRequired => ("请先登录", "查看此页面需要先登录。"),
        PageKind::RecentLoginRequired => (
            "请重新登录以确认身份",
            "此操作要求您在最近几分钟内登录过。如果刚才提交了表单，内容没有保存，请在登录后再提交一次。",
        ),
        PageKind::LoginExpired => (
            "登录已过期",
            "刚才提交的内容没有保存。请重新登录，然后再提交一次。",
        ),
        PageKind::ContinueFromOtherSite => {
            ("请继续", "您正从其他网站返回本站，请点击下方按钮继续。")
        }
        PageKind::LoginInFrame => ("请先登录", "登录需要在完整的页面中进行。"),
        PageKind::Forbidden => ("没有权限", "您已登录，但当前身份无权访问此页面。"),
        PageKind::Unavailable => ("服务暂时不可用", "请稍后再试，您的登录状态不会丢失。"),
        PageKind::Busy => (
            "当前登录人数过多",
            "请稍等几秒，然后刷新此页面，登录会自动继续，无需重新操作。",
        ),
        PageKind::TooManyAttempts => ("尝试次数过多", "登录失败的次数过多，请稍后再试。"),
        PageKind::Declined => ("登录已取消", "您没有同意登录。需要时可以重新登录。"),
        PageKind::InvalidLink => ("登录链接已失效", "此登录链接已过期或已被使用，请重新登录。"),
        PageKind::CookiesBlocked => (
            "登录状态没有保存下来",
            "登录需要 Cookie，但浏览器没有把它带回来。请在浏览器设置中允许本站使用 Cookie，然后重新登录。\
             如果已经允许，可能是本站的服务器设置有误，请联系网站管理员。",
        ),
        PageKind::Denied => (
            "登录被拒绝",
            "登录系统拒绝了此账号。如有疑问，请联系学校管理员。",
        ),
        PageKind::UpstreamFailed => ("系统暂时出现故障", "所依赖的系统没有正常应答，请稍后重试。"),
        PageKind::NotSetUp => ("登录尚未设置好", "本站的登录设置有误，请联系网站管理员。"),
        PageKind::UpstreamTimeout => ("系统响应超时", "所依赖的系统没有及时应答，请稍后重试。"),
        PageKind::Unbound => ("尚未绑定账号", "此功能需要先绑定账号。"),
        PageKind::OpenInWechat => (
            "请在微信中打开",
            "登录只能在微信中进行。请用微信扫描二维码，或将下面的地址复制到微信中打开。",
        ),
        PageKind::CrossSite => (
            "请求被拒绝",
            "该请求来自其他网站的页面，没有执行。请在本站页面上操作。",
        ),
        PageKind::MethodNotAllowed(_) => ("请求方式不正确", "此地址不支持这种请求方式。"),
    }
}
