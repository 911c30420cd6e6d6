//! Hooks with a state of their own.

use async_trait::async_trait;

use crate::ending::BoxError;
use crate::member::Member;

/// Something to do when a phase begins, for [`Coordinator::hook_with`](crate::Coordinator::hook_with).
///
/// # Examples
///
/// ```
/// use linger_coordinator::{async_trait, BoxError, Coordinator, Member, Phase, ShutdownHook};
///
/// struct Uploader { files: Vec<&'static str> }
///
/// #[async_trait]
/// impl ShutdownHook for Uploader {
///     async fn run(&mut self, member: &Member) -> Result<(), BoxError> {
///         for (done, file) in self.files.iter().enumerate() {
///             member.note(format_args!("{done}/{} uploaded", self.files.len()));
/// #           let _ = file;
///         }
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stop = Coordinator::builder().start()?;
/// stop.hook_with("upload", Phase::TELEMETRY, Uploader { files: vec!["a.log"] })?;
/// stop.shutdown();
/// assert!(stop.wait().await.is_clean());
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait ShutdownHook: Send + 'static {
    /// Runs once, on a task of its own; `member` tells the deadline and takes notes.
    ///
    /// # Cancel safety
    ///
    /// It is dropped at an await point when its phase is forced.
    ///
    /// # Errors
    ///
    /// An error is reported as the hook's outcome; the other hooks go on.
    async fn run(&mut self, member: &Member) -> Result<(), BoxError>;
}
