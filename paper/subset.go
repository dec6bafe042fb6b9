package paper

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// subset is the font with the outlines of these glyphs only. Glyphs keep their
// numbers, so nothing else in the font has to change.
func (f *face) subset(glyphs []font.GID) ([]byte, error) {
	from, err := opentype.NewLoader(bytes.NewReader(f.raw))
	if err != nil {
		return nil, fmt.Errorf("subset of %s: %w", f.name, err)
	}
	raw := map[string][]byte{}
	for _, tag := range []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"} {
		table, err := from.RawTable(opentype.MustNewTag(tag))
		switch {
		case err == nil:
			raw[tag] = table
		case tag == "cvt " || tag == "fpgm" || tag == "prep": // hints, which a font may do without
		default:
			return nil, fmt.Errorf("subset of %s: %w", f.name, err)
		}
	}
	outlines := locate(raw["loca"], binary.BigEndian.Uint16(raw["head"][50:]) == 0)
	keep := map[font.GID]bool{0: true}
	for todo := slices.Clone(glyphs); len(todo) > 0; {
		g := todo[0]
		todo = todo[1:]
		if int(g)+1 >= len(outlines) {
			return nil, fmt.Errorf("subset of %s: no glyph %d", f.name, g)
		}
		if !keep[g] || g == 0 {
			keep[g] = true
			todo = append(todo, components(raw["glyf"][outlines[g]:outlines[g+1]])...)
		}
	}
	var glyf bytes.Buffer
	loca := make([]byte, 0, 4*len(outlines))
	for g := range len(outlines) - 1 {
		loca = binary.BigEndian.AppendUint32(loca, uint32(glyf.Len())) // #nosec G115 -- shorter than the font
		if keep[font.GID(g)] {                                         // #nosec G115 -- a font has at most 65,535
			glyf.Write(raw["glyf"][outlines[g]:outlines[g+1]])
			for glyf.Len()%4 != 0 {
				glyf.WriteByte(0)
			}
		}
	}
	raw["loca"] = binary.BigEndian.AppendUint32(loca, uint32(glyf.Len())) // #nosec G115 -- shorter than the font
	raw["glyf"] = glyf.Bytes()
	raw["head"] = slices.Clone(raw["head"])
	binary.BigEndian.PutUint16(raw["head"][50:], 1) // the long form of loca

	var tables []opentype.Table
	for _, tag := range []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"} {
		if content, ok := raw[tag]; ok {
			tables = append(tables, opentype.Table{Tag: opentype.MustNewTag(tag), Content: content})
		}
	}
	return opentype.WriteTTF(tables), nil
}

// locate reads where each outline begins; the last entry is where they end.
func locate(loca []byte, short bool) []uint32 {
	var at []uint32
	if short {
		for ; len(loca) >= 2; loca = loca[2:] {
			at = append(at, 2*uint32(binary.BigEndian.Uint16(loca)))
		}
		return at
	}
	for ; len(loca) >= 4; loca = loca[4:] {
		at = append(at, binary.BigEndian.Uint32(loca))
	}
	return at
}

// What a component of a composite outline is made of.
const (
	argsAreWords = 1 << 0
	haveScale    = 1 << 3
	moreFollow   = 1 << 5
	haveXYScale  = 1 << 6
	haveMatrix   = 1 << 7
)

// components lists the glyphs of which an outline is composed; most are not.
func components(outline []byte) []font.GID {
	if len(outline) < 10 || int16(binary.BigEndian.Uint16(outline)) >= 0 { // #nosec G115 -- the sign is what tells
		return nil
	}
	var parts []font.GID
	for rest := outline[10:]; len(rest) >= 4; {
		flags := binary.BigEndian.Uint16(rest)
		parts = append(parts, font.GID(binary.BigEndian.Uint16(rest[2:])))
		size := 6
		if flags&argsAreWords != 0 {
			size += 2
		}
		switch {
		case flags&haveScale != 0:
			size += 2
		case flags&haveXYScale != 0:
			size += 4
		case flags&haveMatrix != 0:
			size += 8
		}
		if flags&moreFollow == 0 || len(rest) < size {
			break
		}
		rest = rest[size:]
	}
	return parts
}
