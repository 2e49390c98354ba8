//! Writing the score card, so that a crew can fill it in on paper or in a spreadsheet.

use palisade_base::{Date, Error, Instant};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::{
    ADDITIONAL_TOOLS, TOOL_LIST,
    layout::{
        BOX_ROWS, LAST, LINE_POINTS, LONG_POINTS, MARGIN_INCHES, PAGE_POINTS, ROW_POINTS, SCALE_PERCENT, SKILL,
        SKILL_CHARS, TOOL, TOOL_CHARS, WIDTHS, WORTH_BEGINNING_POINTS,
    },
};
use crate::catalogue::{Catalogue, Category};

const LEGEND: &str = "Rate yourself\n\
    1 - Never, 2 - Once/Twice, 3 - Need a bit more training, 4 - Can do it but not a pro, 5 - I am a PRO\n\
    Yes/No - tools you can operate     TS - currently own and have as TRUCK STOCK";
const OWN_TOOLS: &str = "List any tools you specialize in that are not listed";
const SPECIAL_SKILLS: &str = "List any SPECIAL SKILLS";
const OTHER_TOOL: &str = "Other: __________";
const LETTER: u8 = 1;
const HEADER_GREY: Color = Color::RGB(0x00BF_BFBF);

/// Whose score card it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cardholder {
    /// First and last name.
    pub name: String,
    /// Phone number; may be empty.
    pub phone: String,
    /// The day for which it is filled in; left open where there is none.
    pub date: Option<Date>,
}

/// Writes the score card of this catalogue as .xlsx: blank, or with a person's name, phone and date on it.
///
/// The layout is that of the company's paper sheet, and [`super::read`] reads it back to the same catalogue. All names
/// are written as plain strings, so none is ever run as a formula. A category with tools and no skills is printed as a
/// list of tools alone, and not read back. Printed on Letter or A4 it fits the width of the page,
/// and a category is parted only where it is long. `now` becomes the file's creation time.
///
/// # Errors
/// None that a catalogue within its limits could cause: names longer than a cell holds are our fault.
pub fn write(catalogue: &Catalogue, holder: Option<&Cardholder>, now: Instant) -> Result<Vec<u8>, Error> {
    try_write(catalogue, holder, now).map_err(Error::internal)
}

fn try_write(catalogue: &Catalogue, holder: Option<&Cardholder>, now: Instant) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_timestamp(now.as_micros() / 1_000_000)?;
    workbook.set_properties(&DocProperties::new().set_title("Craftsman score card").set_creation_datetime(&created));
    let mut writer =
        Writer { sheet: workbook.add_worksheet(), row: 0, used: 0.0, breaks: Vec::new(), style: Style::new() };
    writer.set_up()?;
    writer.head(holder)?;
    for category in &catalogue.categories {
        writer.category(category)?;
    }
    writer.general_tools(&catalogue.general_tools)?;
    writer.text_box(OWN_TOOLS)?;
    writer.text_box(SPECIAL_SKILLS)?;
    writer.finish()?;
    workbook.save_to_buffer()
}

/// How the cells look.
struct Style {
    /// Name and phone.
    large: Format,
    title: Format,
    legend: Format,
    /// The grey row over a category.
    heading: Format,
    digit: Format,
    /// Skills and tools.
    label: Format,
    /// A box to put a mark into.
    mark: Format,
    /// Free text.
    open: Format,
    /// Over a box for free text.
    caption: Format,
}

impl Style {
    fn new() -> Self {
        let font = |size: f64| {
            Format::new().set_font_name("Calibri").set_font_size(size).set_align(FormatAlign::VerticalCenter)
        };
        let boxed = |size: f64| font(size).set_border(FormatBorder::Medium);
        let heading = boxed(12.0).set_bold().set_background_color(HEADER_GREY);
        Self {
            large: boxed(20.0).set_shrink(),
            title: boxed(14.0).set_bold().set_align(FormatAlign::Center).set_text_wrap(),
            legend: boxed(10.0).set_bold().set_text_wrap().set_align(FormatAlign::Center),
            digit: heading.clone().set_align(FormatAlign::Center),
            heading,
            label: boxed(10.0).set_text_wrap(),
            mark: boxed(11.0).set_align(FormatAlign::Center),
            open: boxed(10.0).set_text_wrap().set_align(FormatAlign::Top),
            caption: font(12.0).set_bold(),
        }
    }
}

struct Writer<'a> {
    sheet: &'a mut Worksheet,
    /// The next row to write, counted from 0.
    row: u32,
    /// How much of the current printed page is used, in points.
    used: f64,
    /// Rows that begin a new page.
    breaks: Vec<u32>,
    style: Style,
}

impl Writer<'_> {
    fn set_up(&mut self) -> Result<(), XlsxError> {
        self.sheet.set_name("Score card")?;
        self.sheet.set_paper_size(LETTER).set_print_center_horizontally(true).set_print_scale(SCALE_PERCENT);
        self.sheet.set_margins(MARGIN_INCHES, MARGIN_INCHES, MARGIN_INCHES, MARGIN_INCHES, 0.2, 0.2);
        self.sheet.set_footer("&C&8Page &P of &N");
        for (column, width) in (0_u16..).zip(WIDTHS) {
            self.sheet.set_column_width(column, width)?;
        }
        Ok(())
    }

    /// Rows 1 to 6: name, date, phone, and how to fill the sheet in.
    fn head(&mut self, holder: Option<&Cardholder>) -> Result<(), XlsxError> {
        let (name, phone) = match holder {
            None => ("Name:                                  Date:".to_owned(), "Phone #:".to_owned()),
            Some(holder) => {
                let date = holder.date.map_or_else(String::new, |date| date.strftime("%b %-d, %Y").to_string());
                (format!("Name: {}    Date: {date}", holder.name), format!("Phone #: {}", holder.phone))
            }
        };
        for (row, points) in (0_u32..).zip([21.0, 7.5, 3.0, 33.75, 3.0, 48.75]) {
            self.sheet.set_row_height(row, points)?;
            self.used += points;
        }
        self.sheet.merge_range(0, 0, 4, 0, "Craftsman score card", &self.style.title)?;
        self.sheet.merge_range(0, 1, 2, LAST, &name, &self.style.large)?;
        self.sheet.merge_range(3, 1, 4, LAST, &phone, &self.style.large)?;
        self.sheet.merge_range(5, 0, 5, LAST, LEGEND, &self.style.legend)?;
        self.row = 6;
        Ok(())
    }

    fn category(&mut self, category: &Category) -> Result<(), XlsxError> {
        // One row more than tools: there must be room for those that the sheet does not know.
        let rows = category.skills.len().max(category.tools.len() + 1);
        let heights: Vec<f64> = (0..rows)
            .map(|row| {
                height_of(category.skills.get(row), SKILL_CHARS).max(height_of(category.tools.get(row), TOOL_CHARS))
            })
            .collect();
        self.keep_together(ROW_POINTS + heights.iter().sum::<f64>());
        if category.skills.is_empty() && !category.tools.is_empty() {
            // Tools of no craft: without digits and name on the left, so that no skill category is read from it.
            self.heading("", &[], &category.name)?;
        } else {
            self.heading(&category.name, &["1", "2", "3", "4", "5"], "Tools")?;
        }
        for (index, points) in heights.iter().enumerate() {
            self.label(SKILL, category.skills.get(index))?;
            self.marks(1, 5)?;
            if let Some(tool) = category.tools.get(index) {
                self.label(TOOL, Some(tool))?;
                self.marks(8, 3)?;
            } else if index == category.tools.len() {
                let last = self.row + u32::try_from(rows - index - 1).unwrap_or(0);
                self.sheet.merge_range(self.row, column(TOOL), last, LAST, ADDITIONAL_TOOLS, &self.style.open)?;
            }
            self.end_row(*points)?;
        }
        Ok(())
    }

    /// The general list, twice side by side as on the paper, so that it is found wherever one looks.
    fn general_tools(&mut self, tools: &[String]) -> Result<(), XlsxError> {
        let rows: Vec<&str> = tools.iter().map(String::as_str).chain([OTHER_TOOL]).collect();
        let heights: Vec<f64> = rows.iter().map(|name| height_of(Some(name), TOOL_CHARS)).collect();
        self.keep_together(ROW_POINTS + heights.iter().sum::<f64>());
        self.heading(TOOL_LIST, &["Yes", "No", "TS"], TOOL_LIST)?;
        for (name, points) in rows.iter().zip(heights) {
            self.label(SKILL, Some(name))?;
            self.marks(1, 3)?;
            self.label(TOOL, Some(name))?;
            self.marks(8, 3)?;
            self.end_row(points)?;
        }
        Ok(())
    }

    /// The grey row: a name with its columns on the left, another with Yes, No and TS on the right.
    fn heading(&mut self, name: &str, columns: &[&str], right: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, name, &self.style.heading)?;
        for (at, text) in (1_u16..).zip(columns) {
            // The digits are numbers, as on the company's sheet.
            match text.parse::<f64>() {
                Ok(digit) => self.sheet.write_number_with_format(self.row, at, digit, &self.style.digit)?,
                Err(_) => self.sheet.write_string_with_format(self.row, at, *text, &self.style.digit)?,
            };
        }
        self.sheet.write_string_with_format(self.row, column(TOOL), right, &self.style.heading)?;
        for (at, text) in (8_u16..).zip(["Yes", "No", "TS"]) {
            self.sheet.write_string_with_format(self.row, at, text, &self.style.digit)?;
        }
        self.end_row(ROW_POINTS)
    }

    fn label(&mut self, at: usize, name: Option<impl AsRef<str>>) -> Result<(), XlsxError> {
        match name {
            Some(name) => {
                self.sheet.write_string_with_format(self.row, column(at), name.as_ref(), &self.style.label)?
            }
            None => self.sheet.write_blank(self.row, column(at), &self.style.label)?,
        };
        Ok(())
    }

    fn marks(&mut self, from: u16, count: u16) -> Result<(), XlsxError> {
        for at in from..from + count {
            self.sheet.write_blank(self.row, at, &self.style.mark)?;
        }
        Ok(())
    }

    fn text_box(&mut self, caption: &str) -> Result<(), XlsxError> {
        self.keep_together(f64::from(BOX_ROWS + 2) * ROW_POINTS);
        self.row += 1;
        self.sheet.write_string_with_format(self.row, 0, caption, &self.style.caption)?;
        self.row += 1;
        self.sheet.merge_range(self.row, 0, self.row + BOX_ROWS - 1, LAST, "", &self.style.open)?;
        self.row += BOX_ROWS;
        self.used += f64::from(BOX_ROWS + 2) * ROW_POINTS;
        Ok(())
    }

    fn end_row(&mut self, points: f64) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, points)?;
        self.row += 1;
        self.used += points;
        Ok(())
    }

    /// Begins a new page where what follows would be parted and is short, or has hardly room to begin.
    fn keep_together(&mut self, points: f64) {
        self.used %= PAGE_POINTS;
        let left = PAGE_POINTS - self.used;
        let may_be_parted = points > LONG_POINTS && left >= WORTH_BEGINNING_POINTS;
        if points > left && !may_be_parted {
            self.breaks.push(self.row);
            self.used = 0.0;
        }
    }

    fn finish(self) -> Result<(), XlsxError> {
        self.sheet.set_print_area(0, 0, self.row.saturating_sub(1), LAST)?;
        self.sheet.set_page_breaks(&self.breaks)?;
        Ok(())
    }
}

/// The height of a row with this name in it, in points.
fn height_of(name: Option<impl AsRef<str>>, chars_per_line: usize) -> f64 {
    let chars = name.map_or(0, |name| name.as_ref().chars().count());
    let further = u32::try_from(chars.saturating_sub(1) / chars_per_line).unwrap_or(0);
    ROW_POINTS + f64::from(further) * LINE_POINTS
}

/// A column of the layout as the library counts.
fn column(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(LAST)
}
