use super::*;
use crate::error::{ConfigErrorKind, ErrorKind};

fn list(patterns: &[&str]) -> HostAllowList {
    let base = BaseUrl::parse("base_url", "https://uni.weixiao.qq.com", false).unwrap();
    let mut list = HostAllowList::of(&base);
    for pattern in patterns {
        list.allow("allow_host", pattern, false).unwrap();
    }
    list
}

#[test]
fn e8_listed_hosts_are_followed() {
    let list = list(&[
        "*.weixiao.qq.com",
        "*.wecard.qq.com",
        "card.school.edu.cn",
        "10.1.2.3:8443",
    ]);
    for (host, base) in [
        ("https://uni.weixiao.qq.com", "https://uni.weixiao.qq.com"),
        ("https://uni.weixiao.qq.com/", "https://uni.weixiao.qq.com"),
        (
            "https://UNI.weixiao.QQ.com:443",
            "https://uni.weixiao.qq.com",
        ),
        ("https://open.wecard.qq.com", "https://open.wecard.qq.com"),
        ("https://a.b.wecard.qq.com", "https://a.b.wecard.qq.com"),
        ("https://card.school.edu.cn", "https://card.school.edu.cn"),
        ("https://10.1.2.3:8443/", "https://10.1.2.3:8443"),
    ] {
        assert_eq!(
            list.check(host).unwrap(),
            BaseUrl(base.to_owned()),
            "{host}"
        );
    }
}

#[test]
fn e8_everything_else_is_refused() {
    let list = list(&["*.weixiao.qq.com", "10.1.2.3:8443"]);
    for host in [
        "",
        "uni.weixiao.qq.com",
        "//uni.weixiao.qq.com",
        "http://uni.weixiao.qq.com",
        "ftp://uni.weixiao.qq.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://weixiao.qq.com",
        "https://.weixiao.qq.com",
        "https://evilweixiao.qq.com",
        "https://uni.weixiao.qq.com.evil.example",
        "https://uni.weixiao.qq.com.",
        "https://uni.weixiao.qq.com:8443",
        "https://uni.weixiao.qq.com@evil.example",
        "https://evil.example@uni.weixiao.qq.com",
        "https://@uni.weixiao.qq.com",
        "https://evil.example\\@uni.weixiao.qq.com",
        "https://evil.example\\.weixiao.qq.com",
        "https://evil.example#.weixiao.qq.com",
        "https://evil.example?.weixiao.qq.com",
        "https://evil.example/.weixiao.qq.com",
        "https://uni.weixiao.qq.com/path",
        "https://uni.weixiao.qq.com?a=b",
        "https://uni.weixiao.qq.com#a",
        "https://uni.weixiao.qq.com\n",
        " https://uni.weixiao.qq.com",
        "https://un\ti.weixiao.qq.com",
        "https://127.0.0.1",
        "https://localhost",
        "https://[::1]",
        "https://169.254.169.254",
        "https://192.168.0.1",
        "https://10.1.2.3",
        "https://10.1.2.4:8443",
        "http://10.1.2.3:8443",
        "https://0x7f000001",
        "https://2130706433",
    ] {
        let error = list.check(host).expect_err(host);
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost);
    }
}

#[test]
fn e8_http_is_followed_only_to_the_configured_origin() {
    let base = BaseUrl::parse("base_url", "http://127.0.0.1:4000", false).unwrap();
    let list = HostAllowList::of(&base);
    assert!(list.check("http://127.0.0.1:4000/").is_ok());
    assert!(list.check("http://127.0.0.1:4001").is_err());
    assert!(list.check("http://localhost:4000").is_err());
    assert!(list.check("https://127.0.0.1:4000").is_err());
}

#[test]
fn e8_links_to_listed_hosts_are_kept_with_path_query_and_fragment() {
    let list = list(&["*.weixiao.qq.com", "card.school.edu.cn", "10.1.2.3:8443"]);
    for (link, kept) in [
        ("https://uni.weixiao.qq.com", "https://uni.weixiao.qq.com/"),
        (
            "https://UNI.weixiao.qq.com:443/a?b=c#d",
            "https://uni.weixiao.qq.com/a?b=c#d",
        ),
        (
            "https://card.school.edu.cn/plus/auth_url?schoolid=5",
            "https://card.school.edu.cn/plus/auth_url?schoolid=5",
        ),
        (
            "https://card.school.edu.cn/a@b?c=d@e&f=https://evil.example#@",
            "https://card.school.edu.cn/a@b?c=d@e&f=https://evil.example#@",
        ),
        (
            "https://card.school.edu.cn/学校?名=一",
            "https://card.school.edu.cn/%E5%AD%A6%E6%A0%A1?%E5%90%8D=%E4%B8%80",
        ),
        ("https://10.1.2.3:8443/a", "https://10.1.2.3:8443/a"),
    ] {
        assert_eq!(list.check_link(link).as_deref(), Some(kept), "{link}");
    }
}

#[test]
fn e8_every_other_link_is_left_out() {
    let list = list(&["*.weixiao.qq.com", "10.1.2.3:8443"]);
    let long = format!("https://uni.weixiao.qq.com/{}", "a".repeat(2048));
    for link in [
        "",
        "/plus/auth_url",
        "//uni.weixiao.qq.com/a",
        "http://uni.weixiao.qq.com/a",
        "ftp://uni.weixiao.qq.com/a",
        "javascript:alert(1)//https://uni.weixiao.qq.com",
        "javascript://uni.weixiao.qq.com/%0aalert(1)",
        "data:text/html,https://uni.weixiao.qq.com",
        "https:uni.weixiao.qq.com/a",
        "https:///uni.weixiao.qq.com/a",
        "https:/evil.example/://uni.weixiao.qq.com",
        "https://evil.example/a?https://uni.weixiao.qq.com",
        "https://evil.example#@uni.weixiao.qq.com",
        "https://evil.example?@uni.weixiao.qq.com",
        "https://evil.example\\@uni.weixiao.qq.com/a",
        "https://uni.weixiao.qq.com\\a",
        "https://uni.weixiao.qq.com@evil.example/a",
        "https://user@uni.weixiao.qq.com/a",
        "https://user:password@uni.weixiao.qq.com/a",
        "https://@uni.weixiao.qq.com/a",
        "https://:@uni.weixiao.qq.com/a",
        "https://uni.weixiao.qq.com.evil.example/a",
        "https://uni.weixiao.qq.com:8443/a",
        "https://weixiao.qq.com/a",
        "https://10.1.2.3/a",
        "http://10.1.2.3:8443/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://uni.weixiao.qq.com/a b",
        "https://uni.weixiao.qq.com/a\nb",
        "https://uni.weixiao.qq.com/a\u{7F}",
        "\thttps://uni.weixiao.qq.com/a",
        long.as_str(),
    ] {
        assert_eq!(list.check_link(link), None, "{link}");
    }
}

#[test]
fn e8_a_link_may_be_http_only_where_exactly_that_origin_was_configured() {
    let base = BaseUrl::parse("base_url", "http://127.0.0.1:4000", false).unwrap();
    let mut list = HostAllowList::of(&base);
    list.allow("allow_host", "http://www.school.example", true)
        .unwrap();
    assert!(
        list.check_link("http://127.0.0.1:4000/plus/auth_url?schoolid=5")
            .is_some()
    );
    assert!(
        list.check_link("http://www.school.example/plus/auth_url?schoolid=5")
            .is_some()
    );
    assert!(
        list.check_link("https://www.school.example/plus/auth_url")
            .is_none()
    );
    assert!(list.check_link("http://127.0.0.1:4001/").is_none());
    assert!(list.check_link("http://school.example/").is_none());
}

#[test]
fn patterns_that_allow_too_much_or_nothing_are_errors() {
    let mut list = list(&[]);
    for pattern in [
        "",
        "*",
        "*.",
        "*.com",
        "*.a.b:80",
        "a.*.b",
        "*.10.0.0.1",
        "*.*.qq.com",
        "https://a/b",
        "u:p@a",
    ] {
        assert!(
            list.allow("allow_host", pattern, false).is_err(),
            "{pattern}"
        );
    }
    let insecure = list.allow("allow_host", "http://a.example", false);
    assert!(matches!(insecure, Err(ConfigErrorKind::InsecureUrl { .. })));
    assert!(list.allow("allow_host", "http://a.example", true).is_ok());
    assert!(
        list.allow("allow_host", "http://127.0.0.1:9", false)
            .is_ok()
    );
}

#[test]
fn a_base_url_is_https_or_this_machine_or_opted_in() {
    let parse = |text, allow| BaseUrl::parse("base_url", text, allow);
    assert_eq!(
        parse("https://uni.weixiao.qq.com/", false)
            .unwrap()
            .join("/a"),
        "https://uni.weixiao.qq.com/a"
    );
    assert_eq!(
        parse("https://a.example/weika/", false).unwrap().join("/a"),
        "https://a.example/weika/a"
    );
    assert!(parse("http://localhost:3000", false).is_ok());
    assert!(parse("http://[::1]:3000", false).is_ok());
    assert!(matches!(
        parse("http://a.example", false),
        Err(ConfigErrorKind::InsecureUrl { .. })
    ));
    assert!(parse("http://a.example", true).is_ok());
    for wrong in [
        "",
        "a.example",
        "ws://a.example",
        "https://",
        "https://a.example?x=1",
        "https://a.example#x",
    ] {
        assert!(
            matches!(parse(wrong, true), Err(ConfigErrorKind::InvalidUrl { .. })),
            "{wrong}"
        );
    }
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    let error = BaseUrl::parse("base_url", "https://user:s3cr3t@a.example", false).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));
}
