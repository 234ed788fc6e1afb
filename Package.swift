// swift-tools-version: 6.2
import PackageDescription

// The targets are listed floor by floor, as ARCHITECTURE.md draws them: each imports only targets above it in this file.

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
  // What these targets may use of the language, so that they also compile for Windows (Scripts/windows-build).
  .treatWarning("EmbeddedRestrictions", as: .error),
]

// Not for Windows, and so with all of the language.
let native: [SwiftSetting] = swift.dropLast()

// Tests run natively only.
let tests: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

#if os(Windows)
  let backEnd = ["windows", "machine"]
#elseif canImport(Darwin)
  let backEnd = ["posix", "kqueue", "darwin", "machine"]
#elseif os(FreeBSD)
  let backEnd = ["posix", "kqueue", "freebsd", "machine"]
#else
  let backEnd = ["posix", "linux", "machine"]
#endif

let package = Package(
  name: "weir",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "weir", targets: ["weir"]),
    .library(name: "Pools", targets: ["Pools"]),
    .library(name: "JSON", targets: ["JSON"]),
    .library(name: "Platform", targets: ["Platform"]),
    .library(name: "Lite3", targets: ["Lite3"]),
    .library(name: "HTTP", targets: ["HTTP"]),
    .library(name: "Reactor", targets: ["Reactor"]),
    .library(name: "Channels", targets: ["Channels"]),
    .library(name: "ChannelsAsync", targets: ["ChannelsAsync"]),
    .library(name: "MCP", targets: ["MCP"]),
    .library(name: "SQLite", targets: ["SQLite"]),
    .library(name: "State", targets: ["State"]),
    .library(name: "LiveQueries", targets: ["LiveQueries"]),
    .library(name: "Gateway", targets: ["Gateway"]),
    .library(name: "Agent", targets: ["Agent"]),
    .library(name: "Relay", targets: ["Relay"]),
  ],
  targets: [
    // 0: the operating system and foreign libraries
    .target(
      name: "CPlatform", sources: backEnd,
      linkerSettings: [
        .linkedLibrary("ws2_32", .when(platforms: [.windows])),
        .linkedLibrary("ntdll", .when(platforms: [.windows])),
      ]),
    .target(
      name: "CSimdjson", path: "Sources/External/CSimdjson",
      linkerSettings: [.linkedLibrary("simdjson")]),
    .target(
      name: "COpenSSL", path: "Sources/External/COpenSSL",
      linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .target(
      name: "CLLHTTP", path: "Sources/External/CLLHTTP", cSettings: [.headerSearchPath("parser")]),
    .systemLibrary(
      name: "CNGHTTP2", path: "Sources/External/CNGHTTP2", pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"]), .brew(["libnghttp2"])]),
    .target(name: "CCurl", path: "Sources/External/CCurl"),
    .target(
      name: "CSQLite", path: "Sources/External/CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "CTOML", path: "Sources/External/CTOML"),
    .target(name: "WebPage"),

    // 1: the Swift face of the operating system; JSON text
    .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: swift),
    .target(name: "JSON", dependencies: ["CSimdjson"], swiftSettings: swift),

    // 2: binary JSON
    .target(name: "Lite3", dependencies: ["JSON"], swiftSettings: swift),

    // 2: an event loop and the streams on it
    .target(name: "Reactor", dependencies: ["Platform"], swiftSettings: swift),

    // 2: databases
    .target(name: "SQLite", dependencies: ["Platform", "CSQLite"], swiftSettings: swift),

    // 3: ring files
    .target(name: "Pools", dependencies: ["Platform", "Lite3"], swiftSettings: swift),

    // 3: messages between peers
    .target(name: "Channels", dependencies: ["Platform", "Reactor"], swiftSettings: swift),
    // 3: secure layers of streams
    .target(name: "TLS", dependencies: ["Platform", "Reactor", "COpenSSL"], swiftSettings: swift),

    // 3: an HTTP server
    .target(
      name: "HTTP", dependencies: ["JSON", "Platform", "Reactor", "CLLHTTP", "CNGHTTP2"], swiftSettings: swift),
    // 3: an HTTP client
    .target(name: "HTTPClient", dependencies: ["Platform", "CCurl"], swiftSettings: swift),

    // 3: replicated tables
    .target(name: "State", dependencies: ["Platform", "JSON", "SQLite"], swiftSettings: swift),

    // 4: what every interface shows: messages, pools and errors as JSON
    .target(name: "Documents", dependencies: ["JSON", "Lite3", "Platform", "Pools"], swiftSettings: swift),
    // 4: queries whose results are followed; native builds only
    .target(name: "LiveQueries", dependencies: ["JSON", "Platform", "SQLite", "State"], swiftSettings: native),
    // 4: what people write: command lines, sizes, spans of time
    .target(name: "Arguments", swiftSettings: swift),
    // 4: changes of tables into pools; native builds only
    .target(name: "Relay", dependencies: ["JSON", "Lite3", "Platform", "Pools", "State"], swiftSettings: native),
    // 4: channels for async code; native builds only
    .target(name: "ChannelsAsync", dependencies: ["Platform", "Channels"], swiftSettings: native),

    // 5: pools for agents
    .target(name: "MCP", dependencies: ["Documents", "JSON", "Lite3", "Platform", "Pools"], swiftSettings: swift),
    // 5: pools of other machines
    .target(
      name: "RemotePools", dependencies: ["Documents", "HTTPClient", "JSON", "Lite3", "Platform", "Pools"],
      swiftSettings: swift),
    // 6: pools over HTTP
    .target(
      name: "Gateway",
      dependencies: [
        "Documents", "HTTP", "JSON", "Lite3", "LiveQueries", "MCP", "Platform", "Pools", "Reactor", "SQLite", "State",
        "WebPage",
      ],
      swiftSettings: swift),
    // 7: one node of the replicated state; native builds only
    .target(
      name: "Agent",
      dependencies: [
        "Arguments", "CTOML", "Documents", "Gateway", "HTTP", "JSON", "LiveQueries", "Platform", "Pools", "Reactor",
        "Relay",
        "SQLite", "State",
      ],
      swiftSettings: native),

    // 8: the command
    .target(
      name: "CommandSupport", dependencies: ["Arguments", "Documents", "Platform", "JSON", "Pools"],
      path: "Sources/Commands/Support", swiftSettings: swift),
    .target(
      name: "PoolCommands",
      dependencies: ["Arguments", "CommandSupport", "Documents", "MCP", "Platform", "JSON", "Lite3", "Pools"],
      path: "Sources/Commands/Pool", swiftSettings: swift),
    .target(
      name: "ChannelCommands",
      dependencies: [
        "Arguments", "Channels", "CommandSupport", "Documents", "JSON", "Lite3", "Platform", "Pools", "Reactor",
      ],
      path: "Sources/Commands/Channel", swiftSettings: swift),
    .target(
      name: "ServerCommands",
      dependencies: [
        "Arguments", "CommandSupport", "Documents", "Gateway", "HTTP", "JSON", "Platform", "Pools", "Reactor", "TLS",
      ],
      path: "Sources/Commands/Server", swiftSettings: swift),
    .target(
      name: "StateCommands",
      dependencies: [
        "Agent", "Arguments", "CommandSupport", "Documents", "Gateway", "HTTPClient", "JSON", "Platform", "RemotePools",
      ],
      path: "Sources/Commands/State", swiftSettings: swift),
    .executableTarget(
      name: "weir",
      dependencies: [
        "Arguments", "ChannelCommands", "CommandSupport", "Documents", "PoolCommands", "Reactor",
        // What the Windows build cannot have; the command says so there.
        .target(name: "TLS", condition: .when(platforms: [.linux, .macOS])),
        .target(name: "RemotePools", condition: .when(platforms: [.linux, .macOS])),
        .target(name: "ServerCommands", condition: .when(platforms: [.linux, .macOS])),
        .target(name: "StateCommands", condition: .when(platforms: [.linux, .macOS])),
      ], swiftSettings: swift),

    // Recipes: programs to read and to copy, which tests run
    .executableTarget(
      name: "Readme", dependencies: ["Channels", "Platform"], path: "Examples/Readme", swiftSettings: tests),
    .executableTarget(
      name: "Echo", dependencies: ["Channels", "Platform"], path: "Examples/Echo", swiftSettings: tests),
    .executableTarget(
      name: "Correlation", dependencies: ["Channels", "Platform"], path: "Examples/Correlation", swiftSettings: tests),
    .executableTarget(
      name: "FileTransfer", dependencies: ["Channels", "Platform"], path: "Examples/FileTransfer",
      swiftSettings: tests),
    .executableTarget(
      name: "PrintServer", dependencies: ["Channels", "Platform"], path: "Examples/PrintServer", swiftSettings: tests),
    .executableTarget(
      name: "FanOut", dependencies: ["Channels", "Platform"], path: "Examples/FanOut", swiftSettings: tests),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "Channels", "Platform", "Support", "Readme", "Echo", "Correlation", "FileTransfer", "PrintServer", "FanOut",
      ],
      swiftSettings: tests),

    .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: tests),
    .testTarget(name: "Lite3Tests", dependencies: ["JSON", "Lite3"], swiftSettings: tests),
    .testTarget(name: "ArgumentsTests", dependencies: ["Arguments"], swiftSettings: tests),
    .testTarget(
      name: "PoolCommandsTests",
      dependencies: [
        "Arguments", "CommandSupport", "Documents", "JSON", "Lite3", "Platform", "PoolCommands", "Pools", "Support",
      ],
      swiftSettings: tests),
    .testTarget(
      name: "ChannelCommandsTests",
      dependencies: [
        "Arguments", "ChannelCommands", "Channels", "CommandSupport", "Documents", "JSON", "Platform", "Pools",
        "Support",
      ],
      swiftSettings: tests),
    .testTarget(
      name: "HTTPTests", dependencies: ["CNGHTTP2", "HTTP", "Platform", "Reactor", "Support", "TLS"],
      swiftSettings: tests),
    .testTarget(
      name: "HTTPClientTests", dependencies: ["HTTPClient", "Platform", "Pools", "RawServer", "Support", "TLS"],
      swiftSettings: tests),
    .testTarget(
      name: "MCPTests", dependencies: ["Documents", "JSON", "Lite3", "MCP", "Platform", "Pools", "Support"],
      swiftSettings: tests),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "Documents", "Gateway", "HTTP", "JSON", "Lite3", "LiveQueries", "Platform", "Pools", "Reactor", "SQLite",
        "State",
        "Support",
      ],
      swiftSettings: tests),
    .testTarget(
      name: "ServerCommandsTests",
      dependencies: [
        "Arguments", "CommandSupport", "Documents", "Gateway", "JSON", "Platform", "Pools", "Reactor", "ServerCommands",
        "Support", "TLS",
      ],
      swiftSettings: tests),
    .testTarget(
      name: "StateCommandsTests",
      dependencies: [
        "Agent", "Arguments", "CommandSupport", "Documents", "Gateway", "JSON", "Platform", "RawServer", "Reactor",
        "StateCommands", "Support",
      ],
      swiftSettings: tests),
    .testTarget(
      name: "RemotePoolsTests",
      dependencies: [
        "Documents", "Gateway", "HTTPClient", "JSON", "Lite3", "Platform", "Pools", "RawServer", "RemotePools",
        "Support",
        "TLS",
      ],
      swiftSettings: tests),
    .testTarget(
      name: "AgentTests",
      dependencies: ["Agent", "Documents", "Gateway", "JSON", "Platform", "Pools", "Reactor", "Support"],
      swiftSettings: tests),
    .testTarget(
      name: "NodeTests", dependencies: ["Platform", "SQLite", "State", "Support", "weir"], swiftSettings: tests),
    .testTarget(name: "SQLiteTests", dependencies: ["Platform", "SQLite", "Support"], swiftSettings: tests),
    .testTarget(
      name: "StateTests", dependencies: ["JSON", "Platform", "SQLite", "State", "Support"],
      exclude: ["crdt-vectors.json"], swiftSettings: tests),
    .testTarget(
      name: "LiveQueriesTests", dependencies: ["JSON", "LiveQueries", "Platform", "SQLite", "State", "Support"],
      swiftSettings: tests),
    .testTarget(
      name: "RelayTests",
      dependencies: ["JSON", "Lite3", "Platform", "Pools", "Relay", "State", "StateWorker", "Support"],
      swiftSettings: tests),
    .testTarget(name: "TLSTests", dependencies: ["Platform", "Reactor", "Support", "TLS"], swiftSettings: tests),
    .testTarget(name: "PoolsTests", dependencies: ["Platform", "Pools", "Support"], swiftSettings: tests),
    .testTarget(
      name: "ReactorTests", dependencies: ["Platform", "Reactor", "SimulatedNetwork", "Support"], swiftSettings: tests),
    .testTarget(
      name: "ChannelsTests", dependencies: ["Channels", "Platform", "Reactor", "Support"], swiftSettings: tests),
    .testTarget(
      name: "ChannelsAsyncTests", dependencies: ["Channels", "ChannelsAsync", "Platform"], swiftSettings: tests),
    .testTarget(
      name: "SimulationTests", dependencies: ["Channels", "Platform", "SimulatedNetwork", "Support"],
      path: "Tests/Simulation", swiftSettings: tests),
    .testTarget(
      name: "ConformanceTests", dependencies: ["JSON", "Lite3", "Platform", "Pools", "Support"],
      path: "Tests/Conformance/PoolFiles", swiftSettings: tests),
    .testTarget(
      name: "CrashTests", dependencies: ["Platform", "Pools", "Support", "PoolWorker"], path: "Tests/Crash",
      swiftSettings: tests),
    .target(
      name: "SimulatedNetwork", dependencies: ["Platform", "Reactor", "Support"], path: "Tests/SimulatedNetwork",
      swiftSettings: tests),
    .target(
      name: "RawServer", dependencies: ["Platform", "Reactor"], path: "Tests/RawServer", swiftSettings: tests),
    .target(name: "Support", dependencies: ["Platform", "Pools"], path: "Tests/Support", swiftSettings: tests),
    .executableTarget(
      name: "StateWorker", dependencies: ["Platform", "Pools", "Relay", "State", "Support"], path: "Tests/StateWorker",
      swiftSettings: tests),
    .executableTarget(
      name: "PoolWorker", dependencies: ["Platform", "Pools", "Support"], path: "Tests/PoolWorker",
      swiftSettings: tests),
  ],
  cxxLanguageStandard: .cxx17
)
