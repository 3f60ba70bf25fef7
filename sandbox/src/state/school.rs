//! Schools on Weika.

/// A school or another body (主体) that is on Weika.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct School {
    code: String,
    name: String,
    host: String,
}

impl School {
    /// Returns a school with its code (ten digits in public examples), its name, and the platform
    /// it is on.
    #[must_use]
    pub fn new(code: impl Into<String>, name: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            name: name.into(),
            host: host.into(),
        }
    }

    /// Returns the three schools of [`Person::examples`](crate::Person::examples), on Weika's two
    /// platforms and on a private one.
    #[must_use]
    pub fn examples() -> [Self; 3] {
        [
            Self::new("1000000001", "示例大学", "https://uni.weixiao.qq.com"),
            Self::new(
                "1000000002",
                "示例职业技术学院",
                "https://open.wecard.qq.com",
            ),
            Self::new("1000000003", "示例第一中学", "https://weika.school.example"),
        ]
    }

    /// `school_code`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// `school_name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}
