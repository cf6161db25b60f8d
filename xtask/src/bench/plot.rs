//! Bars in groups, as an SVG file that a browser shows beside the text.

use std::fmt;

/// Of the whole picture.
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 300.0;
/// Around the bars.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 32.0;

/// One for each series.
const COLOURS: [&str; 3] = ["#c2410c", "#64748b", "#a3a3a3"];

/// So many lines are drawn across, besides the one that bars stand on.
const LINES: u32 = 4;

/// A picture of bars.
#[derive(Debug)]
pub(super) struct Bars {
    pub(super) title: &'static str,
    pub(super) series: Vec<String>,
    /// Each with a bar for each series.
    pub(super) groups: Vec<(String, Vec<f64>)>,
}

impl Bars {
    /// The value of the highest line: the next number of one digit and zeros.
    fn top(&self) -> f64 {
        let most = self.groups.iter().flat_map(|(_, values)| values).copied().fold(1.0, f64::max);
        let digit = 10f64.powf(most.log10().floor());
        (most / digit).ceil() * digit
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">"
        )?;
        writeln!(f, "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>")?;
        writeln!(f, "<text x=\"{LEFT}\" y=\"20\" font-size=\"14\" font-weight=\"bold\">{}</text>", self.title)?;
        self.write_legend(f)?;
        self.write_lines(f)?;
        self.write_bars(f)?;
        writeln!(f, "</svg>")
    }
}

impl Bars {
    fn write_legend(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (series, colour)) in self.series.iter().zip(COLOURS).enumerate() {
            let x = LEFT + place as f64 * 160.0;
            writeln!(f, "<rect x=\"{x}\" y=\"30\" width=\"10\" height=\"10\" fill=\"{colour}\"/>")?;
            writeln!(f, "<text x=\"{}\" y=\"40\">{series}</text>", x + 16.0)?;
        }
        Ok(())
    }

    fn write_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in 0..=LINES {
            let value = self.top() * f64::from(line) / f64::from(LINES);
            let y = self.y(value);
            writeln!(f, "<path d=\"M{LEFT} {y:.1}H{}\" stroke=\"#d4d4d4\"/>", WIDTH - RIGHT)?;
            writeln!(f, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>", LEFT - 6.0, y + 4.0)?;
        }
        Ok(())
    }

    fn write_bars(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group_width = (WIDTH - LEFT - RIGHT) / self.groups.len().max(1) as f64;
        // A third of a group is the space to the next.
        let width = group_width / 1.5 / self.series.len().max(1) as f64;
        for (place, (label, values)) in self.groups.iter().enumerate() {
            let middle = LEFT + (place as f64 + 0.5) * group_width;
            let start = middle - width * values.len() as f64 / 2.0;
            for (series, (&value, colour)) in values.iter().zip(COLOURS).enumerate() {
                let (x, y) = (start + series as f64 * width, self.y(value));
                let height = HEIGHT - BOTTOM - y;
                writeln!(
                    f,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"><title>{value:.0}</title></rect>"
                )?;
            }
            let y = HEIGHT - BOTTOM + 18.0;
            writeln!(f, "<text x=\"{middle:.1}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>")?;
        }
        Ok(())
    }

    /// Where a value ends.
    fn y(&self, value: f64) -> f64 {
        let room = HEIGHT - TOP - BOTTOM;
        HEIGHT - BOTTOM - room * value / self.top()
    }
}

#[cfg(test)]
mod tests {
    use super::Bars;

    #[test]
    fn bars_are_as_high_as_their_values() {
        let bars = Bars {
            title: "Requests a second",
            series: vec!["ferrocast".to_owned(), "Ceiling".to_owned()],
            groups: vec![("1".to_owned(), vec![250.0, 500.0]), ("8".to_owned(), vec![1000.0, 0.0])],
        };
        let picture = bars.to_string();
        for part in
            ["height=\"54.0\"", "height=\"108.0\"", "height=\"216.0\"", "height=\"0.0\"", ">1000<", ">750<", ">8<"]
        {
            assert!(picture.contains(part), "{part}: {picture}");
        }
        assert_eq!(picture.matches("<rect").count(), 1 + 2 + 4);
    }

    #[test]
    fn the_highest_line_is_a_round_number() {
        let top = |value| Bars { title: "", series: vec![], groups: vec![(String::new(), vec![value])] }.top();
        assert_eq!([7.0, 101.0, 98_000.0, 0.2].map(top), [7.0, 200.0, 100_000.0, 1.0]);
    }
}
