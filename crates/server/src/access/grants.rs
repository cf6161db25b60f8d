//! What a route needs, and what a request has.

use ferrocast_access::{Scope, Scopes};

use super::Listener;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Need {
    /// Nothing: it is a probe.
    Nothing = 1,
    /// Any key: it is documentation.
    Docs = 1 << 1,
    Predict = 1 << 2,
    Jobs = 1 << 3,
    Metrics = 1 << 4,
    Admin = 1 << 5,
}

impl Need {
    /// The scope that a key has to have; any key will do where there is none.
    pub(crate) fn scope(self) -> Option<Scope> {
        match self {
            Need::Nothing | Need::Docs => None,
            Need::Predict => Some(Scope::Predict),
            Need::Jobs => Some(Scope::Jobs),
            Need::Metrics => Some(Scope::Metrics),
            Need::Admin => Some(Scope::Admin),
        }
    }

    fn of_scope(scope: Scope) -> Need {
        match scope {
            Scope::Predict => Need::Predict,
            Scope::Jobs => Need::Jobs,
            Scope::Metrics => Need::Metrics,
            Scope::Admin => Need::Admin,
        }
    }
}

/// What a request may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grants(u8);

impl Grants {
    /// Everything.
    pub(crate) const ALL: Grants = Grants(u8::MAX);

    const OF_ADMIN_LISTENER: Grants =
        Grants(Need::Nothing as u8 | Need::Docs as u8 | Need::Metrics as u8 | Need::Admin as u8);

    /// What a key of these scopes is good for.
    pub(crate) fn of_key(scopes: Scopes) -> Grants {
        scopes.iter().map(Need::of_scope).chain([Need::Nothing, Need::Docs]).collect()
    }

    /// What of it there is on a listener.
    pub(crate) fn on(self, listener: Listener, has_admin_listener: bool) -> Grants {
        match listener {
            Listener::Admin => Grants(self.0 & Grants::OF_ADMIN_LISTENER.0),
            Listener::Main if has_admin_listener => Grants(self.0 & !(Need::Admin as u8)),
            Listener::Main => self,
        }
    }

    /// Whether that is among it.
    pub(crate) fn has(self, need: Need) -> bool {
        self.0 & need as u8 != 0
    }
}

impl FromIterator<Need> for Grants {
    fn from_iter<I: IntoIterator<Item = Need>>(needs: I) -> Grants {
        Grants(needs.into_iter().fold(0, |bits, need| bits | need as u8))
    }
}

#[cfg(test)]
mod tests {
    use ferrocast_access::{Scope, Scopes};

    use super::{Grants, Need};
    use crate::access::Listener;

    const NEEDS: [Need; 6] = [Need::Nothing, Need::Docs, Need::Predict, Need::Jobs, Need::Metrics, Need::Admin];

    fn granted(grants: Grants) -> Vec<Need> {
        NEEDS.into_iter().filter(|need| grants.has(*need)).collect()
    }

    #[test]
    fn a_key_is_good_for_its_scopes_and_for_what_needs_none() {
        let scopes: Scopes = [Scope::Jobs].into_iter().collect();
        assert_eq!(granted(Grants::of_key(scopes)), [Need::Nothing, Need::Docs, Need::Jobs]);
        assert_eq!(granted(Grants::of_key(Scopes::ALL)), NEEDS);
        for need in NEEDS {
            assert!(need.scope().is_none_or(|scope| Need::of_scope(scope) == need));
        }
    }

    #[test]
    fn administration_is_on_one_listener() {
        assert_eq!(granted(Grants::ALL.on(Listener::Main, false)), NEEDS);
        assert_eq!(
            granted(Grants::ALL.on(Listener::Main, true)),
            [Need::Nothing, Need::Docs, Need::Predict, Need::Jobs, Need::Metrics]
        );
        assert_eq!(
            granted(Grants::ALL.on(Listener::Admin, true)),
            [Need::Nothing, Need::Docs, Need::Metrics, Need::Admin]
        );
    }
}
