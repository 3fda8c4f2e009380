//! tmp
#[test]
fn try_shipped() {
    let sources = super::fixture::folder(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/menus")));
    let loaded = super::load(&sources, &super::Settings::default(), jiff::civil::date(2026, 11, 23));
    println!("{}", super::diagnostic::screen(&loaded.findings, &sources, false));
    if let Some(h) = loaded.hotline {
        println!("{}", super::map(&h));
    }
}
pub fn folder(dir: &std::path::Path) -> crate::base::Sources {
    let mut sources = crate::base::Sources::new();
    for sub in ["", "texts/"] {
        for entry in std::fs::read_dir(dir.join(sub)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = format!("{sub}{}", path.file_name().unwrap().to_str().unwrap());
                sources.insert(name.into(), std::fs::read_to_string(path).unwrap().into());
            }
        }
    }
    sources
}
