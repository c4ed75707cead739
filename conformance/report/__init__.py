"""A run, shown: HTML for reading, Markdown for a CI step summary, JUnit for CI, and the terminal.

Each format is a module with one function that takes `Results`: `html.render`, `markdown.render`,
`junit.render`, `terminal.show`, `table.csv`. All say the same words about the same findings.
"""
