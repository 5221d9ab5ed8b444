//! Which versions of a model answer requests that name none, and which only score along.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Which versions of a model answer requests that name none, and which only score along.
///
/// ```
/// use automl_pack_serve::Traffic;
///
/// let canary: Traffic = serde_json::from_str(r#"{"shares": {"1.0.0": 95, "2.0.0": 5}, "shadows": ["3.0.0"]}"#)?;
/// assert_eq!(canary.shares["2.0.0"], 5.0);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// How much of the requests a version answers, beside the others that are named here. Where none is, the main
    /// version answers all.
    #[serde(default)]
    pub shares: BTreeMap<String, f64>,
    /// Versions that score all of these requests too, after the answer; what they give is counted and compared, and
    /// goes nowhere.
    #[serde(default)]
    pub shadows: BTreeSet<String>,
}

/// How the requests of a model are divided.
#[derive(Debug, Default)]
pub(crate) struct Turn(AtomicU64);

impl Turn {
    /// A number from 0 to 1: the same for the same key, on every server; else one after the other, spread so evenly
    /// that each hundred requests are divided as thousands are.
    pub(crate) fn take(&self, key: Option<&str>) -> f64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let number = match key {
            Some(key) => {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&Sha256::digest(key)[..8]);
                u64::from_le_bytes(bytes)
            }
            None => self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(GOLDEN),
        };
        (number >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Traffic {
    /// Why it cannot be, where these are the versions that there are.
    pub(crate) fn check<'v>(&self, versions: impl Iterator<Item = &'v str>) -> Result<(), String> {
        let versions: BTreeSet<&str> = versions.collect();
        let named = self.shares.keys().chain(&self.shadows);
        if let Some(unknown) = named.into_iter().find(|version| !versions.contains(version.as_str())) {
            let known: Vec<&str> = versions.into_iter().collect();
            return Err(format!("there is no version \"{unknown}\": there are {}", known.join(", ")));
        }
        for (version, share) in &self.shares {
            if !(share.is_finite() && *share >= 0.0) {
                return Err(format!("the share of {version} is {share}: expected 0 or more"));
            }
        }
        let total: f64 = self.shares.values().sum();
        let is_some = total.is_finite() && total > 0.0;
        if !self.shares.is_empty() && !is_some {
            return Err(format!("the shares come to {total}: expected more than 0"));
        }
        Ok(())
    }

    /// The version whose turn it is; none where the main one answers all.
    pub(crate) fn pick(&self, turn: f64) -> Option<&str> {
        let total: f64 = self.shares.values().sum();
        let (mut wanted, mut last) = (turn * total, None);
        for (version, share) in self.shares.iter().filter(|(_, share)| **share > 0.0) {
            last = Some(version.as_str());
            if wanted < *share {
                break;
            }
            wanted -= share;
        }
        last
    }

    /// How much of the requests a version answers, from 0 to 1, where any has a share.
    pub(crate) fn share(&self, version: &str) -> f64 {
        self.shares.get(version).map_or(0.0, |share| share / self.shares.values().sum::<f64>())
    }

    /// The same without a version that is gone.
    pub(crate) fn forget(&mut self, version: &str) {
        self.shares.remove(version);
        self.shadows.remove(version);
        if self.shares.values().all(|share| *share == 0.0) {
            self.shares.clear();
        }
    }

    /// The same with versions under other names.
    pub(crate) fn renamed(&self, name: impl Fn(&String) -> String) -> Traffic {
        Traffic {
            shares: self.shares.iter().map(|(version, share)| (name(version), *share)).collect(),
            shadows: self.shadows.iter().map(name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary() -> Traffic {
        let shares =
            [("1", 90.0), ("2", 10.0), ("3", 0.0)].map(|(version, share)| (version.to_owned(), share));
        Traffic { shares: shares.into(), shadows: BTreeSet::new() }
    }

    #[test]
    fn each_hundred_requests_are_divided_as_the_shares_say() {
        let (traffic, turn) = (canary(), Turn::default());
        for _ in 0..20 {
            let second = (0..100).filter(|_| traffic.pick(turn.take(None)) == Some("2")).count();
            assert!((9..=11).contains(&second), "{second}");
        }
    }

    #[test]
    fn a_key_goes_to_one_version_and_keys_are_divided_as_the_shares_say() {
        let (traffic, turn) = (canary(), Turn::default());
        let of = |key: usize| traffic.pick(turn.take(Some(&key.to_string()))).unwrap_or_default();
        assert!((0..100).all(|key| of(key) == of(key)));
        let second = (0..10_000).filter(|key| of(*key) == "2").count();
        assert!((900..1100).contains(&second), "{second}");
    }

    #[test]
    fn the_ends_of_the_shares_belong_to_someone() {
        assert_eq!(canary().pick(0.0), Some("1"));
        assert_eq!(canary().pick(1.0), Some("2"), "what has no share gets nothing");
        assert_eq!(Traffic::default().pick(0.5), None);
    }

    #[test]
    fn versions_go_and_come() {
        let mut traffic = canary().renamed(|version| version.replace('1', "1.1"));
        traffic.forget("2");
        assert_eq!(traffic.pick(0.99), Some("1.1"));
        traffic.forget("1.1");
        assert!(traffic.shares.is_empty(), "the main version answers again");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let check =
            |json: &str| serde_json::from_str::<Traffic>(json).unwrap_or_default().check(["1"].into_iter());
        assert!(check(r#"{"shares": {"1": 1}, "shadows": ["1"]}"#).is_ok());
        for json in [r#"{"shares": {"1": 0}}"#, r#"{"shares": {"1": -1}}"#, r#"{"shadows": ["2"]}"#] {
            assert!(check(json).is_err(), "{json}");
        }
    }
}
