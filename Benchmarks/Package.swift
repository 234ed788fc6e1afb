// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "weir", path: "..")],
  targets: [
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite3"])]),
    .target(name: "CAllocations"),
    .executableTarget(
      name: "benchmark",
      dependencies: [
        "CSQLite", "CAllocations",
        .product(name: "Platform", package: "weir"), .product(name: "JSON", package: "weir"),
        .product(name: "Lite3", package: "weir"), .product(name: "Pools", package: "weir"),
      ],
      path: "Sources/Benchmark",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
  ]
)
