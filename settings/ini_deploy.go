package settings

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// appPrefixes begin the names of the sections that can be an application, in the groups
// in which PasteDeploy takes one for another.
var appPrefixes = [][]string{{"app", "application"}, {"composite", "composit"}, {"pipeline"}, {"filter-app"}} //nolint:misspell // PasteDeploy's

// deployment resolves the sections of INI files to an application's settings, as
// PasteDeploy's loader does.
type deployment struct {
	open []string // file#section being resolved, to find a circle
}

// mostSections bounds how many sections one application is made of.
const mostSections = 100

// iniSetting is a resolved value and where it is written.
type iniSetting struct {
	value string
	at    place
}

// settings returns the settings of the application name in f. globals are what
// PasteDeploy calls global_conf: the file's [DEFAULT], and what set x = y added.
func (d *deployment) settings(f *iniFile, name string, globals map[string]string) (map[string]iniSetting, error) {
	section, err := f.find(name)
	if err != nil {
		return nil, err
	}
	here := f.file + "#" + section
	if slices.Contains(d.open, here) {
		return nil, f.fail(section, "use", fmt.Errorf("[%s] is part of itself, through use, next or pipeline", section))
	}
	if len(d.open) >= mostSections {
		return nil, f.fail(section, "use", fmt.Errorf("use, next and pipeline lead through more than %d sections", mostSections))
	}
	d.open = append(d.open, here)
	defer func() { d.open = d.open[:len(d.open)-1] }()

	conf, err := f.globals()
	if err != nil {
		return nil, err
	}
	maps.Copy(conf, globals)
	local, err := f.locals(section, conf)
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(section, ":")
	switch kind {
	case "composite", "composit": //nolint:misspell // PasteDeploy's
		return nil, f.fail(section, "", fmt.Errorf("[%s] is several applications; name one of them: %s#name", section, f.file))
	case "pipeline":
		return d.last(f, section, local, conf)
	case "filter-app":
		return d.follow(f, section, "next", local["next"].value, conf)
	}
	for _, key := range []string{"filter-with", "require", "paste.app_factory"} {
		delete(local, key) // PasteDeploy's own, no settings
	}
	use, ok := local["use"]
	if !ok {
		return local, nil // PasteDeploy asks for code to run; a Go application is that itself
	}
	delete(local, "use")
	base, err := d.follow(f, section, "use", use.value, conf)
	if err != nil {
		return nil, err
	}
	maps.Copy(base, local)
	return base, nil
}

// last follows a pipeline to the application at its end.
func (d *deployment) last(f *iniFile, section string, local map[string]iniSetting, conf map[string]string) (map[string]iniSetting, error) {
	parts := strings.Fields(local["pipeline"].value)
	if len(parts) == 0 {
		return nil, f.fail(section, "pipeline", fmt.Errorf("[%s] needs pipeline = filters and an application", section))
	}
	delete(local, "pipeline")
	for key := range local {
		return nil, f.fail(section, key, fmt.Errorf("[%s] may hold nothing but pipeline = ...; put settings in the application's section", section))
	}
	return d.follow(f, section, "pipeline", parts[len(parts)-1], conf)
}

// A URI has a scheme; everything else names a section of the same file.
var pasteURI = regexp.MustCompile(`^[a-zA-Z]+:`)

// follow resolves what use, next or pipeline names.
func (d *deployment) follow(f *iniFile, section, key, target string, conf map[string]string) (map[string]iniSetting, error) {
	if target == "" {
		return nil, f.fail(section, key, fmt.Errorf("[%s] needs %s = the name of an application", section, key))
	}
	if strings.Contains(target, "\n") {
		return nil, f.fail(section, key, fmt.Errorf("%s goes on in the next line, which is indented; take out the indentation", key))
	}
	if !pasteURI.MatchString(target) {
		return d.settings(f, target, conf)
	}
	scheme, path, _ := strings.Cut(target, ":")
	switch strings.ToLower(scheme) {
	case "egg", "call":
		return map[string]iniSetting{}, nil // Python code, which has no settings of its own
	case "config":
	default:
		return nil, f.fail(section, key, fmt.Errorf("%s must name a section, or be a config:, egg: or call: URI", key))
	}
	path, name, named := strings.Cut(path, "#")
	if !named {
		name = "main"
	}
	if unescaped, err := url.PathUnescape(path); err == nil {
		path = unescaped
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.file), path)
	}
	other, err := openINI(path)
	if missing := (*FileError)(nil); errors.As(err, &missing) && missing.Line == 0 {
		return nil, f.fail(section, key, fmt.Errorf("%s: %s: %w", key, path, missing.Err))
	}
	if err != nil {
		return nil, err
	}
	for name, value := range conf {
		if _, given := other.defaults.values[name]; !given {
			other.defaults.set(name, escapePercent(value))
		}
	}
	return d.settings(other, name, conf)
}

func openINI(path string) (*iniFile, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	return parseINI(path, text)
}

// find returns the one section that is the application name.
func (f *iniFile) find(name string) (string, error) {
	var found []string
	for _, group := range appPrefixes {
		for _, prefix := range group {
			matching := slices.DeleteFunc(slices.Clone(f.names), func(section string) bool {
				kind, rest, ok := strings.Cut(section, ":")
				return !ok || kind != prefix || strings.TrimFunc(rest, isSpace) != name
			})
			if len(matching) > 0 {
				found = append(found, matching...)
				break
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		err := fmt.Errorf("there is no section [app:%s]%s", printable(name), f.candidates())
		return "", &FileError{File: f.file, Err: err}
	}
	err := fmt.Errorf("[%s] could each be meant by %s", strings.Join(found, "] and ["), printable(name))
	return "", f.fail(found[1], "", err)
}

func (f *iniFile) candidates() string {
	if len(f.names) == 0 {
		return ", and no other section"
	}
	return "; the sections are [" + strings.Join(f.names, "], [") + "]"
}

// globals returns [DEFAULT] with its references resolved.
func (f *iniFile) globals() (map[string]string, error) {
	conf := map[string]string{}
	var mistakes []error
	for _, key := range f.defaults.keys {
		value, err := f.interpolated(defaultSection, key)
		if err != nil {
			mistakes = append(mistakes, err)
		}
		if isBound(err) {
			break // every key that follows would fail likewise
		}
		conf[key] = value
	}
	return conf, errors.Join(mistakes...)
}

// locals returns a section's own settings. set x = y goes to conf, and get x = y comes
// from there. A key that [DEFAULT] has too is kept, where PasteDeploy loses it.
func (f *iniFile) locals(section string, conf map[string]string) (map[string]iniSetting, error) {
	local, wanted := map[string]iniSetting{}, map[string]string{}
	var mistakes []error
	for _, key := range f.sections[section].keys {
		value, err := f.interpolated(section, key)
		if err != nil {
			mistakes = append(mistakes, err)
			if isBound(err) {
				break
			}
			continue
		}
		if name, ok := strings.CutPrefix(key, "set "); ok {
			conf[strings.TrimFunc(name, isSpace)] = value
		} else if name, ok := strings.CutPrefix(key, "get "); ok {
			wanted[strings.TrimFunc(name, isSpace)] = key
		} else {
			local[key] = iniSetting{value, place{f.file, f.line(section, key)}}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		source, err := f.interpolated(section, wanted[name])
		if err != nil {
			continue // reported above
		}
		value, ok := conf[source]
		if !ok {
			mistakes = append(mistakes, f.fail(section, wanted[name], fmt.Errorf("%s: [DEFAULT] has no such key", printable(wanted[name]))))
			continue
		}
		local[name] = iniSetting{value, place{f.file, f.line(section, wanted[name])}}
	}
	return local, errors.Join(mistakes...)
}
