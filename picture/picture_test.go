package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"reflect"
	"testing"

	"github.com/ess-thailand/ess/picture"
)

const canary = "16.8211N100.2659E"

// exif is what a phone writes: which way up, and things that nobody else must know.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][3]uint16{{0x0100, 3, 7}, {0x0112, 3, orientation}} {
		tiff = order.AppendUint16(tiff, entry[0])
		tiff = order.AppendUint16(tiff, entry[1])
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, entry[2])
		tiff = order.AppendUint16(tiff, 0)
	}
	return append(tiff, canary...)
}

func scene() image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 24, 16))
	for i := range 24 * 16 {
		m.Set(i%24, i/24, color.NRGBA{uint8(i), uint8(i * 3), uint8(255 - i), 255})
	}
	return m
}

func part(mark byte, data string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xff, mark}, uint16(len(data)+2))) + data
}

const icc = "ICC_PROFILE\x00\x01\x01colours"

// photo is a JPEG with everything that may be in one.
func photo(orientation uint16) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, scene(), nil)
	head := part(0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01"+canary) +
		part(0xe1, "Exif\x00\x00"+string(exif(binary.LittleEndian, orientation))) +
		part(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+canary) + part(0xe2, icc) + part(0xe2, "MPF\x00"+canary) +
		part(0xed, "Photoshop 3.0\x00"+canary) + part(0xfe, canary)
	return []byte("\xff\xd8" + head + b.String()[2:] + canary)
}

func piece(kind, data string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(out, kind+data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func drawing(orientation uint16) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, scene())
	const afterHeader = 8 + 8 + 13 + 4
	out := bytes.Clone(b.Bytes()[:afterHeader])
	for kind, data := range map[string]string{
		"tEXt": "Comment\x00" + canary, "iTXt": canary, "zTXt": canary, "tIME": canary[:7], "prVt": canary, "gAMA": "\x00\x00\xb1\x8f",
		"eXIf": string(exif(binary.BigEndian, orientation)),
	} {
		out = append(out, piece(kind, data)...)
	}
	return append(append(out, b.Bytes()[afterHeader:]...), canary...)
}

func TestWhatTheCameraWroteIsGoneAndThePictureIsTheSame(t *testing.T) {
	tests := []struct {
		name  string
		give  []byte
		keeps []string
	}{
		{"JPEG, upright", photo(1), []string{icc, "JFIF\x00"}},
		{"JPEG, turned", photo(6), []string{icc, "Exif\x00\x00MM\x00*", "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"}},
		{"PNG, upright", drawing(1), []string{"gAMA"}},
		{"PNG, turned", drawing(8), []string{"gAMA", "eXIf", "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x08"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !bytes.Contains(tt.give, []byte(canary)) {
				t.Fatal("nothing to take out")
			}
			bare, ok := picture.Bare(tt.give)
			if !ok || bytes.Contains(bare, []byte(canary)) {
				t.Fatalf("bare %v, and the place stands in it: %v", ok, bytes.Contains(bare, []byte(canary)))
			}
			for _, want := range tt.keeps {
				if !bytes.Contains(bare, []byte(want)) {
					t.Errorf("lost %q", want)
				}
			}
			same(t, tt.give, bare)
			if again, ok := picture.Bare(bare); !ok || !bytes.Equal(again, bare) {
				t.Error("a second time changes it")
			}
		})
	}
}

func TestAnUprightPictureNeedsNoExif(t *testing.T) {
	for _, give := range [][]byte{photo(1), drawing(1)} {
		if bare, _ := picture.Bare(give); bytes.Contains(bare, []byte("xif")) || bytes.Contains(bare, []byte("eXIf")) {
			t.Error("Exif left over")
		}
	}
}

func TestWhatCannotBeFollowedIsLeftAlone(t *testing.T) {
	jpg, drawn := photo(6), drawing(6)
	tests := map[string][]byte{
		"nothing": nil, "a voice message": []byte("\x00\x00\x00\x20ftypM4A "), "only a beginning": jpg[:3], "cut off in a segment": jpg[:40],
		"PNG cut off before the picture": drawn[:60], "a segment longer than the file": []byte("\xff\xd8\xff\xe1\xff\xffExif\x00\x00"),
		"no marker where one must be": append([]byte("\xff\xd8\xff\xfe\x00\x02"), canary...),
	}
	for name, give := range tests {
		if got, ok := picture.Bare(give); ok || !bytes.Equal(got, give) {
			t.Errorf("%s: changed, or called bare", name)
		}
	}
}

// A phone whose network broke sends half a photo: the half is shown, and without the place.
func TestHalfAPictureIsBareToo(t *testing.T) {
	jpg := photo(6)
	drawn := drawing(6)
	for name, give := range map[string][]byte{
		"JPEG": jpg[:len(jpg)-len(canary)-20], "PNG": drawn[:len(drawn)-len(canary)-20],
	} {
		if got, ok := picture.Bare(give); !ok || bytes.Contains(got, []byte(canary)) || len(got) < len(give)/4 {
			t.Errorf("%s: bare %v, %d of %d bytes", name, ok, len(got), len(give))
		}
	}
}

func same(t *testing.T, a, b []byte) {
	t.Helper()
	was, _, err := image.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	is, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("no picture any more: %v", err)
	}
	if !reflect.DeepEqual(was, is) {
		t.Error("another picture")
	}
}

// FuzzBare: whatever a stranger sends, nothing breaks, nothing grows, and a picture
// that could be seen before is the same picture after.
func FuzzBare(f *testing.F) {
	for _, give := range [][]byte{photo(1), photo(6), drawing(1), drawing(6), nil} {
		f.Add(give)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		before := bytes.Clone(content)
		bare, ok := picture.Bare(content)
		if !bytes.Equal(before, content) {
			t.Fatal("changed what was given")
		}
		if !ok {
			if !bytes.Equal(bare, content) {
				t.Fatal("not bare, and changed")
			}
			return
		}
		if len(bare) > len(content)+64 {
			t.Fatal("grew")
		}
		if again, ok := picture.Bare(bare); !ok || !bytes.Equal(again, bare) {
			t.Fatal("a second time changes it")
		}
		if size, _, err := image.DecodeConfig(bytes.NewReader(content)); err != nil || size.Width*size.Height > 1<<14 {
			return
		}
		if _, _, err := image.Decode(bytes.NewReader(content)); err == nil {
			same(t, content, bare)
		}
	})
}
