/// Defines the methods of a builder that has `connection: ConnectionSettings`.
macro_rules! connection_methods {
    () => {
        /// Sets the transport that sends the requests. Default: `reqwest`, with the feature `client`.
        pub fn transport(mut self, transport: $crate::client::Transport) -> Self {
            self.connection.transport = Some(transport);
            self
        }

        /// Sets the longest time for one attempt, from connecting to the last byte. Default: 5 s. A transport of the
        /// application may have shorter timeouts. The time begins when the call has a [permit](Self::max_calls).
        pub fn total_timeout(mut self, total_timeout: std::time::Duration) -> Self {
            self.connection.limits.total = total_timeout;
            self
        }

        /// Sets the number of concurrent calls to one host, in addition to the fetch of an access token. Each takes a
        /// connection. Default: 256. All clients of one host in this process share a pool of permits: the number must
        /// be the same for all of them, or be set by the client that is built first only.
        pub fn max_calls(mut self, max_calls: usize) -> Self {
            self.connection.call_limits.max_calls = Some(max_calls);
            self
        }

        /// Sets the longest time that a call waits for a [permit](Self::max_calls). Default: 5 s.
        pub fn permit_timeout(mut self, permit_timeout: std::time::Duration) -> Self {
            self.connection.call_limits.permit_timeout = permit_timeout;
            self
        }

        /// Sets the number of calls that may wait at once, for the access token or for a [permit](Self::max_calls); one
        /// more fails immediately. Default: 10,240.
        pub fn max_waiting(mut self, max_waiting: usize) -> Self {
            self.connection.call_limits.max_waiting = max_waiting;
            self
        }

        /// Sets the longest response that is read, in bytes. Default: 64 KiB.
        pub fn max_body(mut self, max_body: usize) -> Self {
            self.connection.limits.max_body = max_body;
            self
        }
    };
}

pub(in crate::client) use connection_methods;
