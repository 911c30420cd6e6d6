//! The crates of the workspace and the sets of features that are worth a build of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::cargo::{self, CargoError};

/// A member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) feature_sets: Vec<FeatureSet>,
}

/// A choice of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeatureSet {
    Default,
    None,
    All,
}

impl FeatureSet {
    pub(crate) const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Default => &[],
            Self::None => &["--no-default-features"],
            Self::All => &["--all-features"],
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Default => "default features",
            Self::None => "no default features",
            Self::All => "all features",
        }
    }
}

/// The members, by name.
pub(crate) fn packages() -> Result<Vec<Package>, CargoError> {
    let metadata = cargo::output(&["metadata", "--format-version", "1", "--no-deps"])?;
    let mut packages = read(&serde_json::from_slice(&metadata)?);
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(packages)
}

/// Where cargo puts what it builds.
pub(crate) fn target_folder() -> Result<PathBuf, CargoError> {
    let metadata = cargo::output(&["metadata", "--format-version", "1", "--no-deps"])?;
    let metadata: Value = serde_json::from_slice(&metadata)?;
    let folder = metadata["target_directory"].as_str().unwrap_or("target");
    Ok(PathBuf::from(folder))
}

fn read(metadata: &Value) -> Vec<Package> {
    let packages = metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let package = |package: &Value| {
        let name = package["name"].as_str()?.to_owned();
        Some(Package {
            name,
            feature_sets: feature_sets(&features(package)),
        })
    };
    packages.iter().filter_map(package).collect()
}

type Features = BTreeMap<String, Vec<String>>;

fn features(package: &Value) -> Features {
    let Some(features) = package["features"].as_object() else {
        return Features::new();
    };
    let strings = |value: &Value| {
        let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
        values
            .iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    };
    features
        .iter()
        .map(|(name, enables)| (name.clone(), strings(enables)))
        .collect()
}

/// The sets that differ from each other.
fn feature_sets(features: &Features) -> Vec<FeatureSet> {
    let mut on = BTreeSet::new();
    let mut open = vec!["default"];
    while let Some(feature) = open.pop() {
        if let Some(enables) = features.get(feature) {
            if on.insert(feature) {
                open.extend(enables.iter().map(String::as_str));
            }
        }
    }
    on.remove("default");
    let mut sets = vec![FeatureSet::Default];
    if !on.is_empty() {
        sets.push(FeatureSet::None);
    }
    if features
        .keys()
        .any(|feature| feature != "default" && !on.contains(feature.as_str()))
    {
        sets.push(FeatureSet::All);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sets(features: Value) -> Vec<FeatureSet> {
        let metadata = json!({ "packages": [{ "name": "some", "features": features }] });
        let packages = read(&metadata);
        assert_eq!(packages[0].name, "some");
        packages[0].feature_sets.clone()
    }

    #[test]
    fn sets_that_are_the_same_are_built_once() {
        use FeatureSet::{All, Default, None};
        assert_eq!(sets(json!({})), [Default]);
        assert_eq!(sets(json!({ "default": [] })), [Default]);
        assert_eq!(
            sets(json!({ "default": ["tokio"], "tokio": ["dep:tokio"] })),
            [Default, None]
        );
        assert_eq!(sets(json!({ "tokio": ["dep:tokio"] })), [Default, All]);
        let all = json!({ "default": ["a"], "a": ["b"], "b": [], "c": [] });
        assert_eq!(sets(all), [Default, None, All]);
        let chain = json!({ "default": ["a"], "a": ["b"], "b": [] });
        assert_eq!(sets(chain), [Default, None]);
    }
}
