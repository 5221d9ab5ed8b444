//! Names that are told apart.

use std::collections::HashMap;

/// Gives each name once: who asks for one that is taken gets it with `#2`, `#3` and so on.
///
/// ```
/// use automl_pack_plan::DistinctNames;
///
/// let mut names = DistinctNames::default();
/// let taken = ["plan=pro", "plan=pro", "plan=pro#2", "plan=pro"].map(|name| names.take(name));
/// assert_eq!(taken, ["plan=pro", "plan=pro#2", "plan=pro#2#2", "plan=pro#3"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct DistinctNames {
    /// The names that are taken, with the last number that each was given.
    taken: HashMap<String, u64>,
}

impl DistinctNames {
    /// Takes a name, or the next free one.
    pub fn take(&mut self, name: &str) -> String {
        let Some(last) = self.taken.get(name).copied() else {
            self.taken.insert(name.to_owned(), 1);
            return name.to_owned();
        };
        let mut numbered = (last + 1..).map(|number| (number, format!("{name}#{number}")));
        let (number, free) = numbered
            .find(|(_, name)| !self.taken.contains_key(name))
            .expect("there are more numbers than names");
        self.taken.insert(name.to_owned(), number);
        self.taken.insert(free.clone(), 1);
        free
    }

    /// Whether a name is taken.
    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains_key(name)
    }
}
