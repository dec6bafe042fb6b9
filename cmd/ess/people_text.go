package main

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decodeText reads a file as spreadsheets write it in Thailand: UTF-8 with or
// without a byte-order mark, or TIS-620 (Windows 874 holds it).
func decodeText(raw []byte) (string, error) {
	if utf8.Valid(raw) {
		return strings.TrimPrefix(string(raw), "\ufeff"), nil
	}
	text, err := charmap.Windows874.NewDecoder().Bytes(raw)
	if err != nil || strings.ContainsRune(string(text), utf8.RuneError) {
		return "", errors.New("the file is neither UTF-8 nor TIS-620")
	}
	return string(text), nil
}
