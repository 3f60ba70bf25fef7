/// The main official account of a school (主体主公众号).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MediaInfo {
    /// The APPID (公众号APPID); empty if it is unknown.
    pub app_id: String,
    /// The original identifier (公众号原始ID, `gh_…`); empty if it is unknown.
    pub media_id: String,
}

impl MediaInfo {
    /// Creates an official account with its two identifiers.
    pub fn new(app_id: impl Into<String>, media_id: impl Into<String>) -> Self {
        Self {
            app_id: app_id.into(),
            media_id: media_id.into(),
        }
    }
}
