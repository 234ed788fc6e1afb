// swift-tools-version: 6.2
import PackageDescription

// One executable for each fuzz target: a folder with its name, and a corpus under Corpus/ with the same name.
// `Scripts/fuzz` builds them with the sanitizers and runs them.

let library: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
// The main function is libFuzzer's.
let target: [SwiftSetting] = library + [.unsafeFlags(["-parse-as-library"])]

let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "weir", path: "..")],
  targets: [
    .target(name: "Promise", path: "Promise", swiftSettings: library),
    .target(
      name: "Peer",
      dependencies: [.product(name: "Platform", package: "weir"), .product(name: "Reactor", package: "weir")],
      path: "Peer", swiftSettings: library),
    .executableTarget(
      name: "Lite3Decode",
      dependencies: [
        "Promise", .product(name: "JSON", package: "weir"), .product(name: "Lite3", package: "weir"),
      ],
      path: "Lite3Decode", swiftSettings: target),
    .executableTarget(
      name: "JSONRoundTrip",
      dependencies: [
        "Promise", .product(name: "JSON", package: "weir"), .product(name: "Lite3", package: "weir"),
      ],
      path: "JSONRoundTrip", swiftSettings: target),
    .executableTarget(
      name: "PoolFile",
      dependencies: [
        "Promise", .product(name: "Platform", package: "weir"), .product(name: "Pools", package: "weir"),
      ],
      path: "PoolFile", swiftSettings: target),
    .executableTarget(
      name: "TextHeaders", dependencies: ["Promise", .product(name: "Channels", package: "weir")],
      path: "TextHeaders", swiftSettings: target),
    .executableTarget(
      name: "FrameStream",
      dependencies: [
        "Peer", "Promise", .product(name: "Channels", package: "weir"), .product(name: "Platform", package: "weir"),
        .product(name: "Reactor", package: "weir"),
      ],
      path: "FrameStream", swiftSettings: target),
    .executableTarget(
      name: "MCPMessage",
      dependencies: [
        "Promise", .product(name: "JSON", package: "weir"), .product(name: "MCP", package: "weir"),
        .product(name: "Platform", package: "weir"), .product(name: "Pools", package: "weir"),
      ],
      path: "MCPMessage", swiftSettings: target),
    .executableTarget(
      name: "HTTPRequests",
      dependencies: [
        "Peer", "Promise", .product(name: "HTTP", package: "weir"), .product(name: "Platform", package: "weir"),
        .product(name: "Reactor", package: "weir"),
      ],
      path: "HTTPRequests", swiftSettings: target),
    .executableTarget(
      name: "PackedKeys",
      dependencies: ["Promise", .product(name: "SQLite", package: "weir"), .product(name: "State", package: "weir")],
      path: "PackedKeys", swiftSettings: target),
    .executableTarget(
      name: "ChangeSets",
      dependencies: [
        "Promise", .product(name: "Platform", package: "weir"), .product(name: "SQLite", package: "weir"),
        .product(name: "State", package: "weir"),
      ],
      path: "ChangeSets", swiftSettings: target),
    .executableTarget(
      name: "Statements", dependencies: ["Promise", .product(name: "Gateway", package: "weir")], path: "Statements",
      swiftSettings: target),
    .executableTarget(
      name: "NodeConfiguration", dependencies: ["Promise", .product(name: "Agent", package: "weir")],
      path: "NodeConfiguration", swiftSettings: target),
    .executableTarget(
      name: "AdminFrames", dependencies: ["Promise", .product(name: "Agent", package: "weir")],
      path: "AdminFrames", swiftSettings: target),
  ]
)
