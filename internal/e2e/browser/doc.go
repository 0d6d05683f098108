// Package browser holds no code but tests, which use a real Chromium.
package browser
