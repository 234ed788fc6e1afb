import Platform

/// The command. Picks a subcommand and does nothing else.
@main
enum Weir {
  static let version = "0.1.0"

  static func main() {
    let output = File.standardOutput()
    try? output.write(Array("weir \(version)\n".utf8))
  }
}
