import Documents

@testable import Agent

/// Reads a configuration out of a text and an environment that holds these variables only.
func load(
  _ text: String, environment: [String: String] = [:], options: [ConfigurationInputs.Option] = []
) throws -> LoadedConfiguration {
  var inputs = ConfigurationInputs { environment[$0] }
  inputs.options = options
  return try AgentConfiguration.load(text: Array(text.utf8), path: "config.toml", inputs)
}

/// The error that a text is refused with; nil if it is not.
func refusal(_ text: String, environment: [String: String] = [:]) -> ConfigurationError? {
  do {
    _ = try load(text, environment: environment)
    return nil
  } catch {
    return error as? ConfigurationError
  }
}

/// What every configuration has to have.
let least = """
  [db]
  path = "/var/lib/weir/state.db"
  [api]
  addr = "127.0.0.1:8080"

  """
