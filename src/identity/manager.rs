use super::{Identity, MediaInfo, RealInfo, School};

/// A manager (管理员) of one or more schools, as Weika's `get-manager-info`
/// (获取当前登录管理员身份态) describes one.
///
/// Source of every field: <https://wiki.weixiao.qq.com/api/third/admin.html>, step 3. Only the
/// identifier is always present. Names are user input: escape them before they go into a page or a
/// log. They have at most 512 characters, and U+FFFD stands for a character that was damaged in
/// transit.
///
/// ```
/// use tower_weika::identity::{Manager, School};
///
/// let mut manager = Manager::new("oJBUeuGd04PY53N2KVICrzNGeMSM");
/// manager.name = "王老师".to_owned();
/// manager.schools.push(School::new("1014714333", "第一中学"));
/// manager.current_school_code = Some("1014714333".to_owned());
/// assert_eq!(manager.current_school().map(|school| &*school.name), Some("第一中学"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Manager {
    /// The identifier (管理员id).
    pub user_id: ManagerId,
    /// The WeChat nickname (管理员微信名称); empty if there is none. Users can choose any name.
    pub name: String,
    /// The schools that the manager may manage (管理员有权限管理的主体列表).
    pub schools: Vec<School>,
    /// The code of the school that is being managed (`cur_school`); see
    /// [`current_school`](Self::current_school).
    pub current_school_code: Option<String>,
    /// Real-name data (管理员实名信息), if the manager has any.
    pub real_info: Option<RealInfo>,
    /// The main official account of the current school.
    pub media_info: Option<MediaInfo>,
    /// The role group (管理员所在角色组id). No document says what the numbers mean.
    pub role_id: Option<i64>,
    /// The parent role group (上一级角色组id); 0 seems to mean none.
    pub parent_id: Option<i64>,
}

identifier_type! {
    /// The identifier of a manager. It looks like a WeChat openid but belongs to Weika's official
    /// account: never compare it with an openid of another account.
    ManagerId
}

impl Manager {
    /// Creates a manager without any school.
    pub fn new(user_id: impl Into<ManagerId>) -> Self {
        Self {
            user_id: user_id.into(),
            name: String::new(),
            schools: Vec::new(),
            current_school_code: None,
            real_info: None,
            media_info: None,
            role_id: None,
            parent_id: None,
        }
    }

    /// Returns the school that is being managed, if it is among [`schools`](Self::schools): a
    /// response must not make a user the manager of a school that is not on the user's list (rule
    /// E6).
    #[must_use]
    pub fn current_school(&self) -> Option<&School> {
        let code = self.current_school_code.as_deref()?;
        self.schools.iter().find(|school| school.code == code)
    }
}

impl Identity for Manager {
    fn subject(&self) -> &str {
        self.user_id.as_str()
    }

    fn school(&self) -> Option<&str> {
        self.current_school().map(|school| school.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e6_current_school_must_be_among_the_schools() {
        let current = |schools: &[&str], code: &str| {
            let schools = schools.iter().map(|code| School::new(*code, ""));
            let manager = Manager {
                schools: schools.collect(),
                current_school_code: Some(code.to_owned()),
                ..Manager::new("o1")
            };
            manager.current_school().map(|school| school.code.clone())
        };
        assert_eq!(current(&["1"], "2"), None);
        assert_eq!(current(&[], "1"), None);
        assert_eq!(current(&["2", "1"], "1").as_deref(), Some("1"));
    }

    #[test]
    fn subject_is_the_user_id() {
        assert_eq!(Manager::new("o1").subject(), "o1");
    }
}
