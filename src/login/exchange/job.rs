use super::{NotStarted, Outcome};

/// The exchange of one code.
pub(in crate::login) trait Job: Send + 'static {
    /// Permit, access token and limits that the exchange needs beforehand. They are returned on
    /// drop.
    type Prepared: Send;

    /// The part of [`Prepared`](Self::Prepared) that is returned when the outcome is published.
    type UntilPublished: Send;

    /// Waits until the exchange may begin. The future is dropped when the last client of the flow
    /// disconnects.
    fn prepare(&self) -> impl Future<Output = Result<Self::Prepared, NotStarted>> + Send;

    /// Reports that nothing was sent.
    fn report(&self, reason: &NotStarted);

    /// Sends the code. The future runs to its end, whether or not a client waits. The second value
    /// is dropped when the outcome is published.
    fn run(
        self,
        prepared: Self::Prepared,
    ) -> impl Future<Output = (Outcome, Self::UntilPublished)> + Send;
}
