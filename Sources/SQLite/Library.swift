internal import CSQLite

/// The library that this process runs with.
package enum Library {
  /// Its version as one number: 3040001 is 3.40.1.
  package static var version: Int { Int(sqlite3_libversion_number()) }
  /// Its version as text.
  package static var versionText: String { String(cString: sqlite3_libversion()) }

  /// Whether it was built with an option, whose name is given without `SQLITE_`.
  package static func wasBuilt(with option: String) -> Bool { sqlite3_compileoption_used(option) != 0 }

  /// What is wrong with this version's write-ahead log; nil if nothing is known.
  package static var walFault: String? { walFault(of: version) }

  /// From 3.7.0 to 3.51.2, a connection that restarts the log while another one writes or checkpoints can lose what was
  /// committed in between. One connection that does both cannot meet itself, so a `Database` has only one that may.
  package static func walFault(of version: Int) -> String? {
    guard (3_007_000...3_051_002).contains(version) else { return nil }
    let text = "\(version / 1_000_000).\(version / 1000 % 1000).\(version % 1000)"
    return "SQLite \(text) can lose committed transactions when two connections write or checkpoint one file at once"
      + " (a fault of its write-ahead log, mended in 3.51.3): let no other program write to the database,"
      + " and install 3.51.3 or later"
  }
}
