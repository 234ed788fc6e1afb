// swift-tools-version: 6.2
import PackageDescription

var targets: [Target] = [
  .systemLibrary(
    name: "CPlainSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite3"])]),
  .target(name: "CAllocations"),
  .target(name: "CMachine"),
  .executableTarget(
    name: "benchmark",
    dependencies: [
      "CPlainSQLite", "CAllocations", "CMachine",
      .product(name: "Platform", package: "weir"), .product(name: "JSON", package: "weir"),
      .product(name: "Lite3", package: "weir"), .product(name: "Pools", package: "weir"),
      .product(name: "Channels", package: "weir"), .product(name: "State", package: "weir"),
      .product(name: "SQLite", package: "weir"), .product(name: "LiveQueries", package: "weir"),
    ],
    path: "Sources/Benchmark",
    swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
]

// What channels are measured against: the bare system with epoll, ZeroMQ and NNG.
#if os(Linux)
  targets.append(
    .executableTarget(
      name: "channel-peer",
      path: "Sources/ChannelPeers",
      publicHeadersPath: ".",
      linkerSettings: [.linkedLibrary("zmq"), .linkedLibrary("nng"), .linkedLibrary("pthread")]))
#endif

let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "weir", path: "..")],
  targets: targets
)
