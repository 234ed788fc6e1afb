internal import Documents
internal import Platform

/// Where a configuration is read from: the file, and what wins over it.
package struct ConfigurationInputs {
  /// A setting that the command line gives.
  package struct Option {
    /// `db.path`
    package var setting: String
    /// `--db-path`
    package var option: String
    package var value: String

    package init(_ setting: String, option: String, _ value: String) {
      self.setting = setting
      self.option = option
      self.value = value
    }
  }

  /// The file; nil looks for one.
  package var file: String?
  package var options: [Option] = []
  /// What a variable holds; nil if it is not set. One that is set to nothing counts as not set.
  package var environment: (String) -> String?

  package init(file: String? = nil, environment: @escaping (String) -> String? = Process.environment) {
    self.file = file
    self.environment = environment
  }

  /// Where a file is looked for that nobody named, after what `variable` holds.
  package static let usualFiles = ["/etc/weir/config.toml", "/etc/corrosion/config.toml"]
  /// The variable that names the file.
  package static let variable = "WEIR_CONFIG"

  /// The file to read, and whether somebody named it; nil when nobody did and there is none in the usual places.
  var chosenFile: (path: String, isNamed: Bool)? {
    if let file { return (file, true) }
    if let named = environment(Self.variable), !named.utf8.isEmpty { return (named, true) }
    return Self.usualFiles.first { (try? File.info($0)) != nil }.map { ($0, false) }
  }
}

/// A configuration with what there is to say about it.
package struct LoadedConfiguration: Sendable {
  package var configuration: AgentConfiguration
  package var settings: Settings
  /// The file that it was read from; nil for none.
  package var file: String?
}

extension AgentConfiguration {
  /// Reads the configuration.
  package static func load(_ inputs: ConfigurationInputs) throws(ConfigurationError) -> LoadedConfiguration {
    guard let (path, _) = inputs.chosenFile else { return try loadWithoutFile(inputs) }
    return try load(text: try content(of: path), path: path, inputs)
  }

  /// Reads the configuration out of a text.
  ///
  /// - Parameter path: What errors call the text.
  package static func load(
    text: [UInt8], path: String?, _ inputs: ConfigurationInputs
  ) throws(ConfigurationError) -> LoadedConfiguration {
    let document: TOMLValue
    do throws(TOMLError) {
      document = try TOML.parse(text)
    } catch {
      throw ConfigurationError(
        .syntax, error.message, hint: error.hint, at: SettingOrigin(error.place), path: path)
    }
    let run = ConfigurationRun(inputs, file: path)
    var reader = SectionReader(run, document)
    let configuration = try AgentConfiguration(&reader)
    try reader.finish()
    if let missing = run.missing { throw missing }
    return LoadedConfiguration(configuration: configuration, settings: run.settings, file: path)
  }

  /// Variables and options alone may be enough. If they are not, it is the file that is missing.
  private static func loadWithoutFile(_ inputs: ConfigurationInputs) throws(ConfigurationError) -> LoadedConfiguration {
    do throws(ConfigurationError) {
      return try load(text: [], path: nil, inputs)
    } catch {
      guard error.kind == .missingKey else { throw error }
      throw ConfigurationError(
        .missingFile, "there is no configuration file", hint: shortest, path: ConfigurationInputs.usualFiles[0])
    }
  }

  /// What a file needs at least.
  private static let shortest = """
    Two lines are enough: `db.path = "state.db"` and `api.addr = "127.0.0.1:8080"`; name the file with --config, or with \
    \(ConfigurationInputs.variable).
    """

  private static func content(of path: String) throws(ConfigurationError) -> [UInt8] {
    do throws(SystemError) {
      // Before it is opened: opening a pipe may take for ever.
      guard try File.info(path).kind != .directory else {
        throw SystemError(.isDirectory)
      }
      guard let content = try File(path, .read).readToEnd(limit: TOML.limit) else {
        throw SystemError(.limit)
      }
      return content
    } catch {
      switch error.kind {
      case .notFound:
        throw ConfigurationError(.missingFile, "there is no configuration file", hint: shortest, path: path)
      case .limit where error.code == 0:
        throw ConfigurationError(
          .unreadable, "the configuration file is larger than \(TOML.limit) bytes", hint: "Check its path.", path: path)
      default:
        throw ConfigurationError(
          .unreadable, "the configuration file cannot be read: \(error.message)",
          hint: "Check the path, and who may read it.", path: path)
      }
    }
  }
}

/// Checks configurations without starting anything.
public enum ConfigurationCheck {
  /// Reads a configuration file's text by itself, without the environment.
  ///
  /// - Returns: The effective configuration as `weir agent --print-config` prints it; or why there is none, as one line.
  public static func effective(_ text: [UInt8]) -> Result<String, Problem> {
    do throws(ConfigurationError) {
      let loaded = try AgentConfiguration.load(text: text, path: nil, ConfigurationInputs { _ in nil })
      return .success(loaded.settings.text(file: nil))
    } catch {
      return .failure(Problem(message: Failure(error).message))
    }
  }

  /// Why there is no configuration.
  public struct Problem: Error, Sendable {
    /// One sentence, with the place before it.
    public let message: String
  }
}
