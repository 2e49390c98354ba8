//! Names as one meets them at a handyman company in the American West. First and last names are dealt independently.

/// Given names.
pub(super) const GIVEN: [&str; 60] = [
    "Aaliyah",
    "Alejandro",
    "Amara",
    "Andre",
    "Anna",
    "Anthony",
    "Ben",
    "Bianca",
    "Caleb",
    "Carlos",
    "Carmen",
    "Chloe",
    "Connor",
    "Darnell",
    "Diego",
    "Dmitri",
    "Elena",
    "Eli",
    "Emily",
    "Ethan",
    "Fatima",
    "Gabriel",
    "Grace",
    "Hannah",
    "Hassan",
    "Hector",
    "Imani",
    "Isaac",
    "Ivy",
    "Jamal",
    "Jasmine",
    "Jesse",
    "Joaquín",
    "José",
    "Keisha",
    "Kenji",
    "Lena",
    "Liam",
    "Lucía",
    "Luke",
    "Malik",
    "Marcus",
    "Maria",
    "Mei",
    "Miguel",
    "Minh",
    "Naomi",
    "Noah",
    "Olivia",
    "Omar",
    "Priya",
    "Rosa",
    "Ryan",
    "Samira",
    "Sofia",
    "Tariq",
    "Tyler",
    "Victor",
    "Wei",
    "Zoë",
];

/// Family names.
pub(super) const FAMILY: [&str; 60] = [
    "Abara",
    "Álvarez",
    "Anderson",
    "Baker",
    "Begay",
    "Bennett",
    "Brooks",
    "Callahan",
    "Campbell",
    "Castillo",
    "Chen",
    "Coleman",
    "Cruz",
    "Dawson",
    "Delgado",
    "Diaz",
    "Eriksen",
    "Espinoza",
    "Fischer",
    "Foster",
    "García",
    "Goldberg",
    "Greene",
    "Gutiérrez",
    "Haddad",
    "Harris",
    "Hayes",
    "Hernández",
    "Hughes",
    "Ibrahim",
    "Jackson",
    "Johansson",
    "Kaur",
    "Kim",
    "Kowalski",
    "Lopez",
    "Martin",
    "Mbeki",
    "McKenzie",
    "Mitchell",
    "Morales",
    "Nakamura",
    "Nguyen",
    "O'Brien",
    "Okafor",
    "Ortega",
    "Park",
    "Patel",
    "Petrov",
    "Ramirez",
    "Reed",
    "Rivera",
    "Robinson",
    "Santos",
    "Schneider",
    "Singh",
    "Sullivan",
    "Tran",
    "Walker",
    "Yazzie",
];

/// What somebody may have written about an employee; most have nothing.
pub(super) const NOTES: [&str; 8] = [
    "Speaks Spanish with customers.",
    "Prefers early starts.",
    "Trains apprentices in drywall.",
    "Has the key to the tool store.",
    "Works four days a week.",
    "Wants to learn electrical work.",
    "Drives the box truck.",
    "First aider of the team.",
];

/// The letters of a name for a user name or a mail address: `Zoë` is `zoe`, `O'Brien` is `obrien`.
pub(super) fn plain(name: &str) -> String {
    name.to_lowercase().chars().filter_map(plain_letter).collect()
}

/// The letter without its accent; nothing for what is no letter. Covers the names above; a test sees to that.
fn plain_letter(letter: char) -> Option<char> {
    match letter {
        'á' => Some('a'),
        'é' | 'ë' => Some('e'),
        'í' => Some('i'),
        'ó' => Some('o'),
        'ú' => Some('u'),
        letter => letter.is_ascii_lowercase().then_some(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_every_name_has_a_plain_form() {
        for name in GIVEN.iter().chain(&FAMILY) {
            let letters = name.chars().filter(|c| c.is_alphabetic()).count();
            assert_eq!(plain(name).len(), letters, "{name}");
        }
        assert_eq!((plain("Zoë"), plain("O'Brien")), ("zoe".to_owned(), "obrien".to_owned()));
    }

    #[test]
    fn no_name_is_listed_twice() {
        for list in [GIVEN, FAMILY] {
            let unique: std::collections::HashSet<_> = list.iter().collect();
            assert_eq!(unique.len(), list.len());
        }
    }
}
