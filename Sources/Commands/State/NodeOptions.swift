internal import Agent
internal import Arguments
internal import CommandSupport
internal import Documents

/// The options that say which node it is about, and where its configuration is.
enum NodeOptions {
  static let config = Option.value("config", short: "c", "FILE", "The configuration file").with {
    $0.source = .file
    $0.details = """
      The default is $WEIR_CONFIG, else /etc/weir/config.toml, else /etc/corrosion/config.toml. Every setting has a variable that \
      wins over the file: DB__PATH for db.path, API__ADDR for api.addr, and so on.
      """
  }
  static let address = Option.value("api-addr", "ADDRESS:PORT", "Where the node serves HTTP").with {
    $0.details = "Instead of api.addr in the configuration, which need not be there then."
  }
  static let database = Option.value("db-path", "FILE", "The node's database").with {
    $0.source = .file
    $0.details = "Instead of db.path in the configuration."
  }
  static let admin = Option.value("admin-path", "SOCKET", "The node's admin socket").with {
    $0.source = .file
    $0.details = "Instead of admin.path in the configuration, which need not be there then."
  }

  static let all = [config, address, database, admin]

  /// What a configuration is read from.
  static func inputs(_ invocation: Invocation) -> ConfigurationInputs {
    var inputs = ConfigurationInputs(file: invocation.value(config))
    for (setting, option) in [("api.addr", address), ("db.path", database), ("admin.path", admin)] {
      guard let value = invocation.value(option) else { continue }
      inputs.options.append(ConfigurationInputs.Option(setting, option: "--\(option.name)", value))
    }
    return inputs
  }
}

/// Runs `body`, and carries its error on as a `CommandError`.
func configuring<Value>(_ body: () throws(ConfigurationError) -> Value) throws(CommandError) -> Value {
  do throws(ConfigurationError) { return try body() } catch { throw .failed(Failure(error)) }
}

/// Runs `body`, and carries its error on as a `CommandError`.
func asking<Value>(_ body: () throws(Failure) -> Value) throws(CommandError) -> Value {
  do throws(Failure) { return try body() } catch { throw .failed(error) }
}
