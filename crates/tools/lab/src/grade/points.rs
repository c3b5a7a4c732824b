//! What each check is worth.

use crate::check::Lab;

/// What each check of a lab is worth, in their order.
pub struct Points(Vec<f64>);

impl Points {
    /// Each the same.
    pub fn equal(lab: &Lab) -> Points {
        Points(vec![1.0; lab.checks.len()])
    }

    /// What a file says: on each line a check's name or number, and its points.
    /// A check that it leaves out is worth nothing.
    ///
    /// # Errors
    /// Where a line says something else: which, and what.
    pub fn read(lab: &Lab, text: &str) -> Result<Points, String> {
        let mut points = vec![0.0; lab.checks.len()];
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let is_between =
                |c: char| c.is_whitespace() || ['=', ':', ';'].contains(&c);
            let mut words = line.split(is_between).filter(|w| !w.is_empty());
            let (check, worth) = (words.next(), words.next());
            let (Some(check), Some(worth), None) = (check, worth, words.next())
            else {
                return Err(format!(
                    "linha {number}: «{line}» não é uma verificação e os seus \
                     pontos"
                ));
            };
            let place = lab.number_of(check).ok_or_else(|| {
                format!(
                    "linha {number}: {} não tem a verificação «{check}»",
                    lab.name
                )
            })?;
            // A comma is what many people write.
            let worth: Option<f64> = worth.replace(',', ".").parse().ok();
            let worth =
                worth.filter(|worth| worth.is_finite() && *worth >= 0.0);
            points[place - 1] = worth.ok_or_else(|| {
                format!("linha {number}: os pontos de «{check}» são um número")
            })?;
        }
        Ok(Points(points))
    }

    /// What the check with this number, from 1, is worth.
    pub fn of(&self, number: usize) -> f64 {
        self.0.get(number.wrapping_sub(1)).copied().unwrap_or(0.0)
    }

    pub fn total(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// As people write it: with at most two decimals, after a comma.
pub fn shown(points: f64) -> String {
    let text = format!("{points:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labs::ALL;

    #[test]
    fn reads_what_a_person_writes() {
        let lab = ALL[0];
        let text = "\u{feff}# teste\nset_get = 2\nerrors: 1,5\n\n11; 0.25\r\n";
        let points = Points::read(lab, text).expect("points");
        assert_eq!(points.of(1), 2.0);
        assert_eq!(points.of(2), 1.5);
        assert_eq!(points.of(3), 0.0);
        assert_eq!(points.of(11), 0.25);
        assert_eq!(shown(points.total()), "3,75");
        assert_eq!(shown(Points::equal(lab).total()), "11");
        for (wrong, says) in [
            ("nada = 1", "linha 1: lab_sensor_tcp não tem a verificação"),
            ("\nset_get = muito", "linha 2: os pontos de «set_get»"),
            ("set_get -1", "os pontos de «set_get»"),
            ("set_get", "não é uma verificação e os seus pontos"),
            ("set_get 1 2", "não é uma verificação e os seus pontos"),
        ] {
            let error = Points::read(lab, wrong).err().expect(wrong);
            assert!(error.contains(says), "{error}");
        }
    }
}
