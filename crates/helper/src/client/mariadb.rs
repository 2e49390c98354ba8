//! Looking at a MariaDB server, and mending it.

use super::{COMMAND_TIME, HelperClient, HelperError, unexpected};
use crate::{
    mariadb::{Application, MariadbFacts, MariadbMend},
    protocol::{Reply, Request},
};

impl HelperClient {
    /// Looks at the MariaDB server that the helper's file names, and at what these applications may do.
    ///
    /// # Errors
    /// There is no helper, its file names no server, or the server could not be asked.
    pub async fn look_at_mariadb(&self, applications: &[Application]) -> Result<MariadbFacts, HelperError> {
        let request = Request::MariadbLook { applications: applications.to_vec() };
        match self.ask(&request, COMMAND_TIME).await? {
            Reply::Mariadb(facts) => Ok(*facts),
            other => Err(unexpected(other)),
        }
    }

    /// Mends it: these, which come to exactly the statements that were shown.
    ///
    /// # Errors
    /// As above; or it is not for the helper to do, or the server has changed since.
    pub async fn mend_mariadb(&self, mends: Vec<MariadbMend>, shown: Vec<String>) -> Result<(), HelperError> {
        let request = Request::MariadbMend { mends, shown };
        match self.ask(&request, COMMAND_TIME).await? {
            Reply::Done => Ok(()),
            other => Err(unexpected(other)),
        }
    }
}
