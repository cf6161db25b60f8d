//! Whoever was recognised by a key.

use crate::key_digest::KeyId;
use crate::key_name::KeyName;
use crate::rate::Rate;
use crate::scope::{Scope, Scopes};

/// Whoever was recognised by a key, and what is allowed to him. Holds nothing of the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What the key is called: for logs and metrics.
    pub name: KeyName,
    /// Tells the key apart from all others: whose something is.
    pub id: KeyId,
    /// What the key is good for.
    pub scopes: Scopes,
    /// How often it may be used, if it has a rate of its own.
    pub rate: Option<Rate>,
}

impl Principal {
    /// Whether the key is good for `scope`.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }
}
