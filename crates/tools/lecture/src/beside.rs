//! Which slides stand beside which page: those with its title in
//! `docs/SUMMARY.md`, or else those of the page that it is below.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mdbook_driver::book::BookItem;

use crate::contents;

/// The slides of each page, by their numbers, and what has no counterpart.
#[derive(Debug, Default, PartialEq)]
pub struct Beside {
    /// By the page's path in `docs`.
    slides: BTreeMap<PathBuf, Vec<usize>>,
    /// The titles of slides that no page has.
    pub without_page: Vec<String>,
    /// The pages to which no slide belongs; a part without any slide as one.
    pub without_slide: Vec<String>,
}

impl Beside {
    /// Finds the slides of all pages, from the titles of the slides.
    pub fn new(titles: &[&str], items: &[BookItem]) -> Beside {
        let mut by_title: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, title) in titles.iter().enumerate() {
            by_title.entry(key(title)).or_default().push(number);
        }
        let mut beside = Beside::default();
        for part in contents::by_part(items) {
            let (with, mut without) = (beside.slides.len(), Vec::new());
            beside.find(part, &[], &by_title, &mut without);
            if let BookItem::PartTitle(title) = &part[0]
                && beside.slides.len() == with
                && without.len() > 1
            {
                let count = without.len();
                without = vec![format!("{title} (as {count} páginas)")];
            }
            beside.without_slide.extend(without);
        }

        let used: BTreeSet<&usize> = beside.slides.values().flatten().collect();
        let unused =
            titles.iter().enumerate().filter(|(n, _)| !used.contains(n));
        beside.without_page = unused
            .map(|(_, title)| match *title {
                "" => "(sem título)".to_string(),
                title => title.to_string(),
            })
            .collect();
        beside.without_page.dedup();
        beside
    }

    /// The numbers of the slides of a page, by its path in `docs`.
    pub fn slides_of(&self, page: &Path) -> &[usize] {
        self.slides.get(page).map_or(&[], Vec::as_slice)
    }

    /// `above` are the slides of the page that these are below.
    fn find(
        &mut self,
        items: &[BookItem],
        above: &[usize],
        by_title: &BTreeMap<String, Vec<usize>>,
        without: &mut Vec<String>,
    ) {
        for item in items {
            let BookItem::Chapter(chapter) = item else {
                continue;
            };
            let own = by_title.get(&key(&chapter.name));
            let slides = own.map_or(above, Vec::as_slice);
            if slides.is_empty() {
                without.push(chapter.name.clone());
            } else if let Some(path) = &chapter.path {
                self.slides.insert(path.clone(), slides.to_vec());
            }
            self.find(&chapter.sub_items, slides, by_title, without);
        }
    }

    /// What has no counterpart, in lines; nothing where everything has one.
    pub fn report(&self) -> Option<String> {
        let list = |what: &str, titles: &[String]| {
            let list = format!("{what}\n  {}", titles.join("\n  "));
            (!titles.is_empty()).then_some(list)
        };
        let lists = [
            list("Diapositivos sem página:", &self.without_page),
            list("Páginas sem diapositivo:", &self.without_slide),
        ];
        let lists: Vec<String> = lists.into_iter().flatten().collect();
        (!lists.is_empty()).then(|| lists.join("\n"))
    }
}

/// A title as it is compared: its words, whatever their case, without emoji
/// and without punctuation other than that of C++ and C#.
fn key(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_alphanumeric() && !['+', '#'].contains(&c))
        .filter(|word| !word.is_empty());
    words.collect::<Vec<&str>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use mdbook_driver::book::Chapter;

    use super::*;

    fn page(title: &str, below: Vec<BookItem>) -> BookItem {
        let mut chapter = Chapter::new(title, String::new(), title, Vec::new());
        chapter.sub_items = below;
        BookItem::Chapter(chapter)
    }

    fn part(title: &str) -> BookItem {
        BookItem::PartTitle(title.to_string())
    }

    #[test]
    fn by_title() {
        let items = [
            page("Olá, rede", vec![]),
            part("Um"),
            page("Um servidor TCP asyncio", vec![page("Ao pormenor", vec![])]),
            page("Em C", vec![]),
            page("Nenhum", vec![]),
            part("Dois"),
            page("A", vec![]),
            page("B", vec![]),
        ];
        let titles = [
            "🚀 Olá, Rede!",
            "Um  servidor (TCP) asyncio",
            "Em C++",
            "Um servidor TCP asyncio",
            "Fim",
            "",
        ];
        let beside = Beside::new(&titles, &items);
        assert_eq!(beside.slides_of(Path::new("Olá, rede")), [0]);
        // Several of one title, and one for the lesson below as well.
        assert_eq!(
            beside.slides_of(Path::new("Um servidor TCP asyncio")),
            [1, 3]
        );
        assert_eq!(beside.slides_of(Path::new("Ao pormenor")), [1, 3]);
        assert!(beside.slides_of(Path::new("Em C")).is_empty());
        assert_eq!(
            beside.report().expect("some without a counterpart"),
            "Diapositivos sem página:\n  Em C++\n  Fim\n  (sem título)\n\
             Páginas sem diapositivo:\n  Em C\n  Nenhum\n  Dois (as 2 páginas)"
        );
    }

    #[test]
    fn a_page_below_another_may_have_a_slide_of_its_own() {
        let items = [page("A", vec![page("B", vec![page("C", vec![])])])];
        let beside = Beside::new(&["B", "A"], &items);
        assert_eq!(beside.slides_of(Path::new("A")), [1]);
        assert_eq!(beside.slides_of(Path::new("B")), [0]);
        assert_eq!(beside.slides_of(Path::new("C")), [0]);
        assert_eq!(beside.report(), None);
    }
}
