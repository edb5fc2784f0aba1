//! How a visitor shows themselves to a partner, and the memory that all pictures together may take.

use std::sync::{Arc, atomic::Ordering};

use liveloop_core::Wishes;

use crate::figures::Figures;

/// What a partner sees. Held only while its visitor waits or is in a call.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    name: Option<Box<str>>,
    wishes: Option<Arc<Wishes>>,
    image: Option<HeldImage>,
}

/// What a visitor without a name is called.
const STRANGER: &str = "Stranger";

/// The bytes of every picture that the node holds.
#[derive(Clone, Debug)]
pub(crate) struct ImageBudget {
    pub(crate) figures: Arc<Figures>,
    /// 0 is no limit.
    pub(crate) bytes_max: usize,
}

/// A picture that gives its bytes back to the budget when it is dropped.
#[derive(Debug)]
struct HeldImage {
    url: String,
    figures: Arc<Figures>,
}

impl Profile {
    /// A picture for which there is no room in `budget` is left out.
    pub(crate) fn new(
        name: Option<Box<str>>,
        wishes: Option<Arc<Wishes>>,
        image: Option<String>,
        budget: &ImageBudget,
    ) -> Self {
        Self { name, wishes, image: image.and_then(|url| budget.hold(url)) }
    }

    pub(crate) fn interests(&self) -> &[String] {
        self.wishes.as_ref().map_or(&[], |wishes| &wishes.interests)
    }

    pub(crate) fn wishes(&self) -> Option<&Arc<Wishes>> {
        self.wishes.as_ref()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn shown_name(&self) -> &str {
        shown_name(self.name.as_deref())
    }

    pub(crate) fn image(&self) -> Option<&str> {
        self.image.as_ref().map(|image| image.url.as_str())
    }
}

/// What others read where `name` stands.
pub(crate) fn shown_name(name: Option<&str>) -> &str {
    name.unwrap_or(STRANGER)
}

impl ImageBudget {
    fn hold(&self, url: String) -> Option<HeldImage> {
        let bytes = url.len() as u64;
        let held = self.figures.images_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let image = HeldImage { url, figures: Arc::clone(&self.figures) };
        let fits = self.bytes_max == 0 || held <= self.bytes_max as u64;
        fits.then_some(image)
    }
}

impl Drop for HeldImage {
    fn drop(&mut self) {
        self.figures.images_bytes.fetch_sub(self.url.len() as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_to_their_budget_and_give_it_back() {
        let budget = ImageBudget { figures: Arc::new(Figures::new(1)), bytes_max: 10 };
        let profile = |image: &str| Profile::new(None, None, Some(image.into()), &budget);
        let first = profile("123456");
        assert_eq!(profile("12345").image(), None, "no room beside the first");
        assert_eq!(profile("1234").image(), Some("1234"));
        drop(first);
        assert!(profile("1234567890").image().is_some());
        assert_eq!(budget.figures.images_bytes.load(Ordering::Relaxed), 0);
    }
}
