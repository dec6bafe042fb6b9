// Package picture takes what a camera wrote beside the picture out of a JPEG or
// PNG file: place, time, owner, device, comments and small copies of the picture.
// A photo from a hiding place must not tell where that is to whoever sees it.
//
// It decodes and re-encodes nothing, so the picture stays what it was, to the last
// bit. Which way up it is and its colour profile stay, too: they change what is seen.
// Bytes that it cannot follow to the end it leaves alone, and says so.
package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Bare returns the picture without metadata. When it is not a JPEG or a PNG, or one
// whose parts cannot be told apart, it returns the content as it is, and false.
func Bare(content []byte) (bare []byte, ok bool) {
	switch {
	case bytes.HasPrefix(content, []byte{0xff, markSOI, 0xff}):
		bare, ok = bareJPEG(content)
	case bytes.HasPrefix(content, []byte(signaturePNG)):
		bare, ok = barePNG(content)
	}
	if !ok {
		return content, false
	}
	return bare, true
}

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markRST0  = 0xd0
	markRST7  = 0xd7
	markAPP0  = 0xe0
	markAPP1  = 0xe1
	markAPP2  = 0xe2
	markAPP14 = 0xee
	markAPP15 = 0xef
	markCOM   = 0xfe
)

const exifHeader = "Exif\x00\x00"

// bareJPEG walks the segments. What lies behind the end of the image, where phones
// keep second pictures and films, is left out.
func bareJPEG(in []byte) ([]byte, bool) {
	out := append(make([]byte, 0, len(in)), in[:2]...)
	turned := false
	for i := 2; ; {
		for i+1 < len(in) && in[i] == 0xff && in[i+1] == 0xff { // fill bytes
			i++
		}
		if i+1 < len(in) && in[i] == 0xff && in[i+1] == markEOI {
			return append(out, 0xff, markEOI), true
		}
		if i+4 > len(in) || in[i] != 0xff {
			return nil, false
		}
		mark, size := in[i+1], int(binary.BigEndian.Uint16(in[i+2:]))
		end := i + 2 + size
		if mark < 0xc0 || mark >= markRST0 && mark <= markSOI || size < 2 || end > len(in) {
			return nil, false
		}
		data := in[i+4 : end]
		switch {
		case mark == markAPP1 && bytes.HasPrefix(data, []byte(exifHeader)):
			if o := orientation(data[len(exifHeader):]); o > 1 && !turned {
				turned = true
				out = segment(out, markAPP1, append([]byte(exifHeader), oriented(o)...))
			}
		case mark == markAPP0 && bytes.HasPrefix(data, []byte("JFIF\x00")):
			out = segment(out, markAPP0, withoutThumbnail(data))
		case keptSegment(mark, data):
			out = append(out, in[i:end]...)
		}
		if i = end; mark == markSOS {
			i = endOfScan(in, end)
			out = append(out, in[end:i]...)
			if i == len(in) { // cut off in the middle of the picture: what there is can be seen
				return out, true
			}
		}
	}
}

// keptSegment: everything that draws the picture, and of the applications' segments
// the colour profile and Adobe's kind of colours.
func keptSegment(mark byte, data []byte) bool {
	switch {
	case mark == markAPP2:
		return bytes.HasPrefix(data, []byte("ICC_PROFILE\x00"))
	case mark == markAPP14:
		return bytes.HasPrefix(data, []byte("Adobe"))
	case mark >= markAPP0 && mark <= markAPP15, mark == markCOM:
		return false
	}
	return true
}

// endOfScan finds the marker behind the picture's own bytes.
func endOfScan(in []byte, from int) int {
	for i := from; i+1 < len(in); i++ {
		if next := in[i+1]; in[i] == 0xff && next != 0 && next != 0xff && (next < markRST0 || next > markRST7) {
			return i
		}
	}
	return len(in)
}

func segment(out []byte, mark byte, data []byte) []byte {
	out = append(out, 0xff, mark)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)+2)) // #nosec G115 -- not longer than the segment that it was
	return append(out, data...)
}

// withoutThumbnail is the head of a JFIF segment.
func withoutThumbnail(jfif []byte) []byte {
	const head = 14
	if len(jfif) < head {
		return jfif
	}
	return append(bytes.Clone(jfif[:head-2]), 0, 0)
}

const signaturePNG = "\x89PNG\r\n\x1a\n"

// drawsPNG are the chunks that change what is seen; those in capitals always stay.
var drawsPNG = map[string]bool{
	"tRNS": true, "gAMA": true, "cHRM": true, "sRGB": true, "iCCP": true, "cICP": true, "sBIT": true, "bKGD": true, "pHYs": true,
	"acTL": true, "fcTL": true, "fdAT": true,
}

func barePNG(in []byte) ([]byte, bool) {
	out := append(make([]byte, 0, len(in)), signaturePNG...)
	turned := false
	for i := len(signaturePNG); ; {
		if i+8 > len(in) {
			return nil, false
		}
		size, kind := int(binary.BigEndian.Uint32(in[i:])), string(in[i+4:i+8])
		end := i + 8 + size + 4
		if end > len(in) {
			if kind == "IDAT" { // cut off in the middle of the picture
				return append(out, in[i:]...), true
			}
			return nil, false
		}
		switch {
		case kind == "eXIf":
			if o := orientation(in[i+8 : i+8+size]); o > 1 && !turned {
				turned = true
				out = chunk(out, kind, oriented(o))
			}
		case kind[0] >= 'A' && kind[0] <= 'Z', drawsPNG[kind]:
			out = append(out, in[i:end]...)
		}
		if kind == "IEND" {
			return out, true
		}
		i = end
	}
}

func chunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data))) // #nosec G115 -- a few bytes
	from := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
}

// tagOrientation is the number of the only fact that stays, and typeShort its type.
const (
	tagOrientation = 0x0112
	typeShort      = 3
)

// orientation reads which way up a picture is from its Exif: 1 to 8, or 0 when it does not say.
func orientation(tiff []byte) uint16 {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 0
	}
	if len(tiff) < 8 {
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for n := order.Uint16(tiff[at:]); n > 0 && len(entries) >= 12; n-- {
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if o := order.Uint16(entries[8:]); o <= 8 {
				return o
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}

// oriented is an Exif that says which way up the picture is, and nothing else.
func oriented(o uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08" + "\x00\x01") // big-endian, one entry
	tiff = binary.BigEndian.AppendUint16(tiff, tagOrientation)
	tiff = binary.BigEndian.AppendUint16(tiff, typeShort)
	tiff = binary.BigEndian.AppendUint32(tiff, 1)
	tiff = binary.BigEndian.AppendUint16(tiff, o)
	return append(tiff, 0, 0, 0, 0, 0, 0) // padding of the value; no further directory
}
