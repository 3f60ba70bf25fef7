/// The user of a denial, for the event of this process only: no log, no page and no other instance
/// gets it.
#[derive(Clone)]
pub(crate) struct DeniedUser {
    pub(crate) subject: String,
    pub(crate) school: Option<String>,
}
