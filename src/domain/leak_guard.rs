//! The leak guard: refuses every text that carries an identifier of a person or a case.
