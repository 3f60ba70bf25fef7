//! The manager (管理员) of a school, as Weika's `get-manager-info` describes one.
//!
//! Source of every field: <https://wiki.weixiao.qq.com/api/third/admin.html>, step 3. Only the identifier is
//! certain to be there. Names are user input: escape them before they go into a page or a log. They have at most 512
//! characters, and U+FFFD stands for a character that was damaged on the way.

use std::fmt;

use super::Identity;

/// A manager of one or more schools (获取当前登录管理员身份态).
///
/// ```
/// use tower_weika::identity::{Manager, School};
///
/// let manager = Manager::builder("oJBUeuGd04PY53N2KVICrzNGeMSM")
///     .name("王老师")
///     .school(School::new("1014714333", "第一中学"))
///     .current_school("1014714333")
///     .build();
/// assert_eq!(manager.current_school().map(School::name), Some("第一中学"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manager {
    user_id: ManagerId,
    name: String,
    schools: Vec<School>,
    current_school: Option<usize>,
    real_info: Option<RealInfo>,
    media_info: Option<MediaInfo>,
    role_id: Option<i64>,
    parent_id: Option<i64>,
}

impl Manager {
    /// Describes a manager by hand, for tests of what is behind a login.
    pub fn builder(user_id: impl Into<ManagerId>) -> ManagerBuilder {
        ManagerBuilder {
            manager: Self {
                user_id: user_id.into(),
                name: String::new(),
                schools: Vec::new(),
                current_school: None,
                real_info: None,
                media_info: None,
                role_id: None,
                parent_id: None,
            },
            current_school: None,
        }
    }

    /// The identifier (管理员id).
    #[must_use]
    pub fn user_id(&self) -> &ManagerId {
        &self.user_id
    }

    /// The WeChat nick name (管理员微信名称); empty if there is none. Anybody can take any name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schools that the manager may manage (管理员有权限管理的主体列表).
    #[must_use]
    pub fn schools(&self) -> &[School] {
        &self.schools
    }

    /// The school that is managed at the moment (`cur_school`), if it is among [`schools`](Self::schools).
    #[must_use]
    pub fn current_school(&self) -> Option<&School> {
        self.current_school
            .and_then(|index| self.schools.get(index))
    }

    /// Real-name data (管理员实名信息), if the manager has any.
    #[must_use]
    pub fn real_info(&self) -> Option<&RealInfo> {
        self.real_info.as_ref()
    }

    /// The main official account of the current school.
    #[must_use]
    pub fn media_info(&self) -> Option<&MediaInfo> {
        self.media_info.as_ref()
    }

    /// The role group (管理员所在角色组id). No document says what the numbers mean.
    #[must_use]
    pub fn role_id(&self) -> Option<i64> {
        self.role_id
    }

    /// The role group above (上一级角色组id); 0 seems to mean none.
    #[must_use]
    pub fn parent_id(&self) -> Option<i64> {
        self.parent_id
    }
}

impl Identity for Manager {
    fn subject(&self) -> &str {
        self.user_id.as_str()
    }
}

/// The identifier of a manager. It looks like a WeChat openid but belongs to Weika's own account: never compare
/// it with an openid of yours.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ManagerId(Box<str>);

impl ManagerId {
    /// The identifier with this text.
    pub fn new(user_id: impl Into<Box<str>>) -> Self {
        Self(user_id.into())
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ManagerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ManagerId {
    fn from(user_id: &str) -> Self {
        Self::new(user_id)
    }
}

impl From<String> for ManagerId {
    fn from(user_id: String) -> Self {
        Self::new(user_id)
    }
}

/// A school or company (主体) on one of Weika's platforms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct School {
    code: String,
    name: String,
    host: Option<String>,
}

impl School {
    /// A school with its code and name.
    pub fn new(code: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            name: name.into(),
            host: None,
        }
    }

    /// The same school on the platform at `host`.
    #[must_use]
    pub fn with_host(self, host: impl Into<String>) -> Self {
        Self {
            host: Some(host.into()),
            ..self
        }
    }

    /// The code (主体code).
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The name (主体名称); empty if there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of the school's platform (主体所在的平台的地址), exactly as the upstream system wrote it.
    ///
    /// Never call it as it is: whoever can write it would be given the application's token.
    /// [`WeikaClient::post_json`](crate::client::weika::WeikaClient::post_json) checks it first.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

/// Real-name data of a manager (管理员实名信息). The card number does not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RealInfo {
    card_number: String,
    name: String,
    identity_type: String,
}

impl RealInfo {
    /// Real-name data with these fields; an empty one means that it is not known.
    pub fn new(
        card_number: impl Into<String>,
        name: impl Into<String>,
        identity_type: impl Into<String>,
    ) -> Self {
        Self {
            card_number: card_number.into(),
            name: name.into(),
            identity_type: identity_type.into(),
        }
    }

    /// The number of the electronic card, or the student or staff number (管理员电子卡号/学工号).
    #[must_use]
    pub fn card_number(&self) -> &str {
        &self.card_number
    }

    /// The real name (管理员姓名).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of person (身份类型): the digits of a number, however it is written, or other text of the upstream
    /// system. Weika has three numberings of it.
    #[must_use]
    pub fn identity_type(&self) -> &str {
        &self.identity_type
    }

    /// What [`identity_type`](Self::identity_type) means by the manager page (1 为其他, 2 为学生, 3 为教职工,
    /// 4 为校友). Grant no rights for it: other pages of Weika number differently.
    #[must_use]
    pub fn named_identity_type(&self) -> Option<IdentityType> {
        match self.identity_type.as_str() {
            "1" => Some(IdentityType::Other),
            "2" => Some(IdentityType::Student),
            "3" => Some(IdentityType::Staff),
            "4" => Some(IdentityType::Alumni),
            _ => None,
        }
    }
}

impl fmt::Debug for RealInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealInfo")
            .field("card_number", &format_args!("[redacted]"))
            .field("name", &self.name)
            .field("identity_type", &self.identity_type)
            .finish()
    }
}

/// The numbers 1 to 4 of the manager page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum IdentityType {
    /// 其他, 1.
    Other,
    /// 学生, 2.
    Student,
    /// 教职工, 3.
    Staff,
    /// 校友, 4.
    Alumni,
}

/// The main official account of a school (主体主公众号).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaInfo {
    app_id: String,
    media_id: String,
}

impl MediaInfo {
    /// An official account with its two identifiers; an empty one means that it is not known.
    pub fn new(app_id: impl Into<String>, media_id: impl Into<String>) -> Self {
        Self {
            app_id: app_id.into(),
            media_id: media_id.into(),
        }
    }

    /// The APPID (公众号APPID).
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The original identifier (公众号原始ID, `gh_…`).
    #[must_use]
    pub fn media_id(&self) -> &str {
        &self.media_id
    }
}

/// Describes a [`Manager`]; from [`Manager::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ManagerBuilder {
    manager: Manager,
    current_school: Option<String>,
}

impl ManagerBuilder {
    /// The WeChat nick name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.manager.name = name.into();
        self
    }

    /// One more school that the manager may manage.
    pub fn school(mut self, school: School) -> Self {
        self.manager.schools.push(school);
        self
    }

    /// The code of the current school. It has no effect if none of the schools has this code: an answer must
    /// not make somebody the manager of a school that is not on their own list.
    pub fn current_school(mut self, code: impl Into<String>) -> Self {
        self.current_school = Some(code.into());
        self
    }

    /// Real-name data.
    pub fn real_info(mut self, real_info: RealInfo) -> Self {
        self.manager.real_info = Some(real_info);
        self
    }

    /// The main official account.
    pub fn media_info(mut self, media_info: MediaInfo) -> Self {
        self.manager.media_info = Some(media_info);
        self
    }

    /// The role group.
    pub fn role_id(mut self, role_id: i64) -> Self {
        self.manager.role_id = Some(role_id);
        self
    }

    /// The role group above.
    pub fn parent_id(mut self, parent_id: i64) -> Self {
        self.manager.parent_id = Some(parent_id);
        self
    }

    /// The manager.
    #[must_use]
    pub fn build(self) -> Manager {
        let Self {
            mut manager,
            current_school,
        } = self;
        manager.current_school = current_school.and_then(|code| {
            manager
                .schools
                .iter()
                .position(|school| school.code == code)
        });
        manager
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e6_current_school_must_be_among_the_schools() {
        let foreign = Manager::builder("o1")
            .school(School::new("1", "one"))
            .current_school("2")
            .build();
        assert_eq!(foreign.current_school(), None);
        let own = Manager::builder("o1")
            .current_school("1")
            .school(School::new("1", "one"))
            .build();
        assert_eq!(own.current_school().map(School::code), Some("1"));
    }

    #[test]
    fn debug_never_shows_the_card_number() {
        let manager = Manager::builder("o1")
            .real_info(RealInfo::new("20230042", "王", "3"))
            .build();
        assert!(!format!("{manager:?}").contains("20230042"));
        assert_eq!(manager.real_info().unwrap().card_number(), "20230042");
    }

    #[test]
    fn identity_types_are_those_of_the_manager_page_and_nothing_else() {
        let named = |raw: &str| RealInfo::new("", "", raw).named_identity_type();
        assert_eq!(named("1"), Some(IdentityType::Other));
        assert_eq!(named("2"), Some(IdentityType::Student));
        assert_eq!(named("3"), Some(IdentityType::Staff));
        assert_eq!(named("4"), Some(IdentityType::Alumni));
        assert_eq!(named("0"), None);
        assert_eq!(named("5"), None);
    }

    #[test]
    fn the_subject_is_the_user_id() {
        assert_eq!(Manager::builder("o1").build().subject(), "o1");
    }
}
