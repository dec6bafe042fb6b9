package line

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

var draw = flag.Bool("draw", false, "draw menus/*.png again (needs chromium and a Thai font)")

// Every menu keeps LINE's limits, and its picture has its size.
func TestMenusKeepLINEsLimits(t *testing.T) {
	if len(richMenus()) != 6 {
		t.Fatalf("%d menus", len(richMenus()))
	}
	for _, m := range richMenus() {
		req, err := m.request()
		if err != nil {
			t.Errorf("%s: %v", m.alias, err)
			continue
		}
		picture, err := m.picture()
		if err != nil {
			t.Error(err)
			continue
		}
		cfg, _, err := image.DecodeConfig(bytes.NewReader(picture))
		if err != nil || int64(cfg.Width) != req.Size.Width || int64(cfg.Height) != req.Size.Height {
			t.Errorf("%s: picture of %d×%d, want %d×%d (%v)", m.alias, cfg.Width, cfg.Height, req.Size.Width, req.Size.Height, err)
		}
		if len(picture) > 150<<10 || len(picture) > maxMenuImage {
			t.Errorf("%s: picture of %d bytes", m.alias, len(picture))
		}
	}
}

// The five types and the silent button report; only the silent one names no type.
func TestCitizenMenuReports(t *testing.T) {
	for _, m := range richMenus()[:2] {
		var types []casefile.IncidentType
		quiet := 0
		req, err := m.request()
		if err != nil {
			t.Fatal(err)
		}
		for _, area := range req.Areas {
			in := Decode(postbackData(area.Action))
			if in.Word == casefile.Tapped && in.Quiet {
				quiet++
			} else if in.Word == casefile.Tapped {
				types = append(types, in.Type)
			}
		}
		if fmt.Sprint(types) != fmt.Sprint(casefile.IncidentTypes) || quiet != 1 {
			t.Errorf("%s: types %v, %d silent buttons", m.alias, types, quiet)
		}
	}
}

// The committed pictures show what the tiles say. Run with -draw after a change.
func TestMenuPictures(t *testing.T) {
	for _, m := range richMenus() {
		page, source := m.html(), filepath.Join("menus", m.alias+".html")
		if *draw {
			if err := os.WriteFile(source, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
			m.draw(t, source)
		}
		committed, err := os.ReadFile(source)
		if err != nil || string(committed) != page {
			t.Errorf("%s: the picture is older than its tiles: go test ./line -run TestMenuPictures -draw (%v)", m.alias, err)
		}
	}
}

func (m richMenu) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="th"><meta charset="utf-8"><style>
body{margin:0;width:%dpx;height:%dpx;position:relative;background:#fff;font-family:"Sarabun","Loma","Noto Sans Thai",sans-serif;font-weight:700}
div{position:absolute;box-sizing:border-box;border:6px solid #fff;border-radius:48px;color:#fff;display:flex;flex-direction:column;align-items:center;justify-content:center;text-align:center;font-size:84px;line-height:1.5;gap:20px}
svg{width:200px;height:200px;fill:none;stroke:#fff;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
</style><body>
`, m.width, m.height)
	for i, t := range m.tiles {
		x, y, w, h := m.bounds(int64(i))
		fmt.Fprintf(&b, `<div style="left:%dpx;top:%dpx;width:%dpx;height:%dpx;background:%s"><svg viewBox="0 0 24 24">%s</svg>%s</div>`+"\n",
			x, y, w, h, t.colour, t.icon, html.EscapeString(t.label))
	}
	return b.String() + "</body></html>\n"
}

// draw takes a picture of the page and keeps 32 grey steps of each colour, which
// is all that flat tiles and white letters need.
func (m richMenu) draw(t *testing.T, source string) {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	shot := filepath.Join(t.TempDir(), "shot.png")
	cmd := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		fmt.Sprintf("--window-size=%d,%d", m.width, m.height), "--screenshot="+shot,
		"data:text/html;base64,"+base64.StdEncoding.EncodeToString(page))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	full, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	flat := image.NewPaletted(image.Rect(0, 0, int(m.width), int(m.height)), m.palette(t))
	for y := range int(m.height) {
		for x := range int(m.width) {
			flat.Set(x, y, full.At(x, y))
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, flat); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(source, ".html")+".png", out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (m richMenu) palette(t *testing.T) color.Palette {
	t.Helper()
	const steps = 8
	p := color.Palette{color.White}
	seen := map[string]bool{}
	for _, tile := range m.tiles {
		if seen[tile.colour] {
			continue
		}
		seen[tile.colour] = true
		var r, g, b int
		if _, err := fmt.Sscanf(tile.colour, "#%02X%02X%02X", &r, &g, &b); err != nil {
			t.Fatal(err)
		}
		for i := range steps {
			mix := func(c int) uint8 { return uint8(c + (255-c)*i/steps) }
			p = append(p, color.RGBA{mix(r), mix(g), mix(b), 255})
		}
	}
	return p
}

// Setting up twice creates each menu once; a tap on an alias finds its menu.
func TestSetupMenusTwiceCreatesOnce(t *testing.T) {
	fake := newFakeLINE(t)
	c := fake.client(t)
	first, err := c.SetupMenus(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.SetupMenus(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 6 || fmt.Sprint(first) != fmt.Sprint(second) {
		t.Errorf("first %v, second %v", first, second)
	}
	if n := fake.count("POST /v2/bot/richmenu"); n != 6 {
		t.Errorf("%d menus created, want 6", n)
	}
	if fake.defaultMenu != first["citizen-th"] {
		t.Errorf("default %q", fake.defaultMenu)
	}
	if err := c.LinkMenu(context.Background(), person, MenuOnDuty, casefile.Thai); err != nil {
		t.Fatal(err)
	}
	if fake.linked[person] != first["duty-on-th"] {
		t.Errorf("linked %q", fake.linked[person])
	}
}

// A run that died between create and upload is finished by the next one.
func TestSetupMenusFinishesAnInterruptedRun(t *testing.T) {
	fake := newFakeLINE(t)
	fake.failUploads = 1
	c := fake.client(t)
	if _, err := c.SetupMenus(context.Background()); err == nil {
		t.Fatal("the broken upload was not reported")
	}
	if _, err := c.SetupMenus(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := fake.count("POST /v2/bot/richmenu"); n != 6 {
		t.Errorf("%d menus created, want 6", n)
	}
}
