use super::{NotStarted, Outcome};

/// The exchange of one code.
pub(in crate::login) trait Job: Send + 'static {
    /// Everything that the exchange needs beforehand. Dropped, it gives all of it back.
    type Prepared: Send;

    /// The part of it that is given back when the outcome is published.
    type UntilPublished: Send;

    /// Waits for everything that the exchange needs beforehand. The future is dropped when the last client of the flow has
    /// gone.
    fn prepare(&self) -> impl Future<Output = Result<Self::Prepared, NotStarted>> + Send;

    /// Reports that nothing was sent.
    fn report(&self, reason: &NotStarted);

    /// Sends the code. The future runs to its end, whether or not a client waits. The second value is dropped when the
    /// outcome is published.
    fn run(
        self,
        prepared: Self::Prepared,
    ) -> impl Future<Output = (Outcome, Self::UntilPublished)> + Send;
}
