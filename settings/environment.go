package settings

func variableFor(Source, string) string { return "" }
