package line

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
)

// MenuRole says whose rich menu it is.
type MenuRole string

const (
	MenuCitizen MenuRole = "citizen"
	MenuOnDuty  MenuRole = "duty-on"
	MenuOffDuty MenuRole = "duty-off"
)

// MenuAlias is the name of a menu at LINE, such as "citizen-th".
func MenuAlias(role MenuRole, lang casefile.Language) string {
	if lang != casefile.English {
		lang = casefile.Thai
	}
	return string(role) + "-" + string(lang)
}

// tile is one area of a menu. Label is read aloud by screen readers and says the
// same as the picture; icon is the inside of an SVG of 24 by 24.
type tile struct {
	label  string
	colour string
	icon   string
	action messaging_api.ActionInterface
}

// richMenu is a menu and its picture.
type richMenu struct {
	alias         string
	chatBar       string
	width, height int64
	columns       int64
	tiles         []tile // row by row
}

// pictures are drawn from the tiles by `go test ./line -run TestMenuPictures -draw`.
//
//go:embed menus/*.png
var pictures embed.FS

func (m richMenu) picture() ([]byte, error) { return pictures.ReadFile("menus/" + m.alias + ".png") }

// request is the menu as LINE wants it. The name holds a hash of everything in
// it, so that a second set-up recognises a menu and a changed one is a new one.
func (m richMenu) request() (*messaging_api.RichMenuRequest, error) {
	req := &messaging_api.RichMenuRequest{
		Size:        &messaging_api.RichMenuSize{Width: m.width, Height: m.height},
		Selected:    true,
		ChatBarText: m.chatBar,
	}
	for i, t := range m.tiles {
		x, y, w, h := m.bounds(int64(i))
		req.Areas = append(req.Areas, messaging_api.RichMenuArea{
			Bounds: &messaging_api.RichMenuBounds{X: x, Y: y, Width: w, Height: h}, Action: t.action,
		})
	}
	definition, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("menu %s: %w", m.alias, err)
	}
	picture, err := m.picture()
	if err != nil {
		return nil, fmt.Errorf("menu %s: %w", m.alias, err)
	}
	sum := sha256.Sum256(append(definition, picture...))
	req.Name = "ess " + m.alias + " " + hex.EncodeToString(sum[:6])
	return req, checkMenu(req)
}

// bounds of the i-th tile: the grid fills the picture to the last pixel.
func (m richMenu) bounds(i int64) (x, y, w, h int64) {
	rows := (int64(len(m.tiles)) + m.columns - 1) / m.columns
	col, line := i%m.columns, i/m.columns
	x, y = col*m.width/m.columns, line*m.height/rows
	return x, y, (col+1)*m.width/m.columns - x, (line+1)*m.height/rows - y
}

// richMenus are all menus, the default first.
func richMenus() []richMenu {
	var all []richMenu
	for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
		all = append(all, citizenMenu(page{lang: lang}))
	}
	for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
		p := page{lang: lang}
		all = append(all,
			dutyMenu(p, MenuOnDuty, button(p, p.say("ออกเวร", "Go off duty"), grey, iconDutyOff, casefile.ActDutyOff),
				tile{p.say("ส่งตำแหน่งของฉัน", "Send my location"), blue, iconPin,
					&messaging_api.UriAction{Label: p.say("ส่งตำแหน่งของฉัน", "Send my location"), Uri: "https://line.me/R/nv/location/"}}),
			dutyMenu(p, MenuOffDuty, button(p, p.say("เข้าเวร", "Go on duty"), green, iconDutyOn, casefile.ActDutyOn), callTile(p)))
	}
	return all
}

// citizenMenu has the five types, the silent button under a word that says
// nothing, and the way out to a telephone. A tap leaves no bubble in the chat.
func citizenMenu(p page) richMenu {
	colours := map[casefile.IncidentType]string{
		casefile.ThreatAssault: red, casefile.Confinement: purple, casefile.SexualRisk: wine, casefile.Berserk: orange, casefile.Gathering: brown,
	}
	icons := map[casefile.IncidentType]string{
		casefile.ThreatAssault: iconHand, casefile.Confinement: iconLock, casefile.SexualRisk: iconShield, casefile.Berserk: iconStorm, casefile.Gathering: iconPeople,
	}
	var tiles []tile
	for _, typ := range casefile.IncidentTypes {
		tiles = append(tiles, reportTile(p.pair(menuLabels[typ]), colours[typ], icons[typ], typ, false))
	}
	other, lang := casefile.English, p.say("English", "ภาษาไทย")
	if p.lang == casefile.English {
		other = casefile.Thai
	}
	tiles = append(tiles,
		reportTile(p.say("ข้อมูล", "Info"), grey, iconInfo, "", true),
		callTile(p),
		button(p, p.say("ไม่ด่วน และอื่น ๆ", "Not urgent, other"), blue, iconDots, casefile.ActMenu),
		tile{lang, blue, iconGlobe, &messaging_api.RichMenuSwitchAction{
			Label: lang, RichMenuAliasId: MenuAlias(MenuCitizen, other),
			Data: Encode(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActLanguage, Language: other}),
		}},
	)
	return richMenu{MenuAlias(MenuCitizen, p.lang), p.say("เมนู", "Menu"), 2500, 1686, 3, tiles}
}

// dutyMenu is a responder's: the duty switch, one more, and the way to report.
func dutyMenu(p page, role MenuRole, tiles ...tile) richMenu {
	tiles = append(tiles, button(p, p.say("แจ้งเหตุ และอื่น ๆ", "Report and more"), red, iconHand, casefile.ActMenu))
	return richMenu{MenuAlias(role, p.lang), p.say("เมนู", "Menu"), 2500, 843, 3, tiles}
}

func reportTile(label, colour, icon string, typ casefile.IncidentType, quiet bool) tile {
	a := tap(label, typ, quiet)
	a.InputOption = messaging_api.PostbackActionINPUT_OPTION_CLOSE_RICH_MENU
	return tile{label, colour, icon, a}
}

func button(p page, label, colour, icon string, action casefile.Action) tile {
	p.neutral = true // no bubble
	return tile{label, colour, icon, p.press(label, action)}
}

// callTile holds its number itself: it stands in the picture, which is drawn once
// for all installations and cannot follow a policy.
func callTile(p page) tile {
	label := p.say("โทร 191", "Call 191")
	return tile{label, green, iconPhone, &messaging_api.UriAction{Label: label, Uri: "tel:191"}}
}

// Colours of the tiles; white on each has a contrast of at least 4.5:1.
const (
	red    = "#B71C1C"
	purple = "#4A148C"
	wine   = "#880E4F"
	orange = "#A63C00"
	brown  = "#4E342E"
	grey   = "#455A64"
	green  = "#1B5E20"
	blue   = "#0D47A1"
)

// Icons, drawn with the stroke of the tile.
const (
	iconHand    = `<path d="M7 12V6a1.5 1.5 0 0 1 3 0v5M10 10V4.5a1.5 1.5 0 0 1 3 0V10M13 10V5.5a1.5 1.5 0 0 1 3 0V12M16 9.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-1a6 6 0 0 1-5-2.7L4 14a1.6 1.6 0 0 1 2.6-1.8L7 13"/>`
	iconLock    = `<rect x="5" y="11" width="14" height="10" rx="2"/><path d="M8 11V7a4 4 0 0 1 8 0v4M12 15v2.5"/>`
	iconShield  = `<path d="M12 3l8 3v6c0 5-3.5 7.8-8 9-4.5-1.2-8-4-8-9V6z"/><path d="M12 8v5M12 16v.2"/>`
	iconStorm   = `<path d="M13 2L5 13h6l-1 9 9-12h-6z"/>`
	iconPeople  = `<circle cx="8" cy="8" r="3"/><circle cx="16.5" cy="9" r="2.5"/><path d="M2.5 20c0-4 2.5-6 5.5-6s5.5 2 5.5 6M15 14.2c3.5 0 6 1.8 6.5 5.3"/>`
	iconInfo    = `<circle cx="12" cy="12" r="9"/><path d="M12 11v6M12 7.500v.2"/>`
	iconPhone   = `<path d="M5 4h4l2 5-2.5 1.500a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A15 15 0 0 1 3 6a2 2 0 0 1 2-2z"/>`
	iconDots    = `<circle cx="12" cy="12" r="9"/><path d="M8 12v.2M12 12v.2M16 12v.2"/>`
	iconGlobe   = `<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18"/>`
	iconPin     = `<path d="M12 21c-5-6-7-8.5-7-12a7 7 0 0 1 14 0c0 3.5-2 6-7 12z"/><circle cx="12" cy="9" r="2.5"/>`
	iconDutyOn  = `<circle cx="12" cy="12" r="9"/><path d="M8 12.500l3 3 5-6"/>`
	iconDutyOff = `<path d="M20 14A8.5 8.5 0 0 1 10 4a8.5 8.5 0 1 0 10 10z"/>`
)

// menuIDs remembers which menu an alias stands for.
type menuIDs struct {
	mu sync.Mutex
	id map[string]string
}

// SetupMenus creates, draws and names all rich menus and makes the Thai citizen
// menu the default. A second run changes nothing; a changed menu is created anew
// and its alias moved. It returns the menu ID of each alias. LINE allows 100
// creations an hour: run it as a command, never at start.
func (c *Client) SetupMenus(ctx context.Context) (map[string]string, error) {
	known, err := c.listMenus(ctx)
	if err != nil {
		return nil, fmt.Errorf("list rich menus: %w", err)
	}
	ids := map[string]string{}
	for _, m := range richMenus() {
		id, err := c.setupMenu(ctx, m, known)
		if err != nil {
			return nil, fmt.Errorf("rich menu %s: %w", m.alias, err)
		}
		ids[m.alias] = id
	}
	def := ids[MenuAlias(MenuCitizen, casefile.Thai)]
	if err := failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, _, err := api.WithContext(ctx).SetDefaultRichMenuWithHttpInfo(def)
		return res, err
	})); err != nil {
		return nil, fmt.Errorf("default rich menu: %w", err)
	}
	c.menus.mu.Lock()
	c.menus.id = nil // aliases may have moved
	c.menus.mu.Unlock()
	return ids, nil
}

// listMenus returns the IDs of LINE's menus by name.
func (c *Client) listMenus(ctx context.Context) (map[string]string, error) {
	var list *messaging_api.RichMenuListResponse
	err := failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, l, err := api.WithContext(ctx).GetRichMenuListWithHttpInfo()
		list = l
		return res, err
	}))
	if err != nil {
		return nil, err
	}
	if list == nil {
		return nil, errors.New("unreadable list")
	}
	known := map[string]string{}
	for _, m := range list.Richmenus {
		known[m.Name] = m.RichMenuId
	}
	return known, nil
}

func (c *Client) setupMenu(ctx context.Context, m richMenu, known map[string]string) (string, error) {
	req, err := m.request()
	if err != nil {
		return "", err
	}
	id := known[req.Name]
	if id == "" {
		if id, err = c.createMenu(ctx, req); err != nil {
			return "", err
		}
	}
	if !menuIDPattern.MatchString(id) {
		return "", errors.New("odd menu ID")
	}
	if err := c.uploadPicture(ctx, m, id); err != nil {
		return "", err
	}
	return id, c.pointAlias(ctx, m.alias, id)
}

func (c *Client) createMenu(ctx context.Context, req *messaging_api.RichMenuRequest) (string, error) {
	if err := failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, _, err := api.WithContext(ctx).ValidateRichMenuObjectWithHttpInfo(req)
		return res, err
	})); err != nil {
		return "", fmt.Errorf("validate: %w", err)
	}
	var made *messaging_api.RichMenuIdResponse
	if err := failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, m, err := api.WithContext(ctx).CreateRichMenuWithHttpInfo(req)
		made = m
		return res, err
	})); err != nil {
		return "", fmt.Errorf("create: %w", err)
	}
	if made == nil {
		return "", errors.New("create: unreadable answer")
	}
	return made.RichMenuId, nil
}

// uploadPicture gives the menu its picture. LINE takes one only once, so a
// refusal because there is one is what we want: an earlier run came this far.
func (c *Client) uploadPicture(ctx context.Context, m richMenu, id string) error {
	picture, err := m.picture()
	if err != nil {
		return err
	}
	a := c.do("data", func() (*http.Response, error) {
		blob := c.blob
		res, _, err := blob.WithContext(ctx).SetRichMenuImageWithHttpInfo(id, "image/png", bytes.NewReader(picture))
		return res, err
	})
	if a.reason == reasonHasPicture {
		return nil
	}
	if err := failure(a); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	return nil
}

func (c *Client) pointAlias(ctx context.Context, alias, id string) error {
	now, err := c.aliased(ctx, alias)
	switch {
	case errors.Is(err, casefile.ErrNotFound):
		return failure(c.do("api", func() (*http.Response, error) {
			api := c.api
			res, _, err := api.WithContext(ctx).CreateRichMenuAliasWithHttpInfo(
				&messaging_api.CreateRichMenuAliasRequest{RichMenuAliasId: alias, RichMenuId: id})
			return res, err
		}))
	case err != nil:
		return fmt.Errorf("alias: %w", err)
	case now == id:
		return nil
	}
	return failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, _, err := api.WithContext(ctx).UpdateRichMenuAliasWithHttpInfo(alias, &messaging_api.UpdateRichMenuAliasRequest{RichMenuId: id})
		return res, err
	}))
}

// aliased asks LINE which menu an alias stands for.
func (c *Client) aliased(ctx context.Context, alias string) (string, error) {
	var found *messaging_api.RichMenuAliasResponse
	err := failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, a, err := api.WithContext(ctx).GetRichMenuAliasWithHttpInfo(alias)
		found = a
		return res, err
	}))
	if err != nil {
		return "", err
	}
	if found == nil || !menuIDPattern.MatchString(found.RichMenuId) {
		return "", errors.New("odd menu ID")
	}
	return found.RichMenuId, nil
}

// LinkMenu shows a person the menu of a role. The menus must have been set up;
// casefile.ErrNotFound if they were not.
func (c *Client) LinkMenu(ctx context.Context, user string, role MenuRole, lang casefile.Language) error {
	if !userIDPattern.MatchString(user) {
		return errUserID
	}
	alias := MenuAlias(role, lang)
	c.menus.mu.Lock()
	id := c.menus.id[alias]
	c.menus.mu.Unlock()
	if id != "" {
		err := c.link(ctx, user, id)
		if !errors.Is(err, casefile.ErrNotFound) {
			return err
		}
		// Set up anew since then: ask again which menu it is.
	}
	id, err := c.aliased(ctx, alias)
	if err != nil {
		return fmt.Errorf("rich menu %s: %w", alias, err)
	}
	c.menus.mu.Lock()
	if c.menus.id == nil {
		c.menus.id = map[string]string{}
	}
	c.menus.id[alias] = id
	c.menus.mu.Unlock()
	return c.link(ctx, user, id)
}

func (c *Client) link(ctx context.Context, user, id string) error {
	return failure(c.do("api", func() (*http.Response, error) {
		api := c.api
		res, _, err := api.WithContext(ctx).LinkRichMenuIdToUserWithHttpInfo(user, id)
		return res, err
	}))
}

// linkedAtOnce is how many people LINE takes in one call.
const linkedAtOnce = 500

// LinkMenus shows many people the menu of a role, friends or not yet; casefile.ErrNotFound when the menus were not set up.
func (c *Client) LinkMenus(ctx context.Context, users []string, role MenuRole, lang casefile.Language) error {
	for _, user := range users {
		if !userIDPattern.MatchString(user) {
			return errUserID
		}
	}
	id, err := c.aliased(ctx, MenuAlias(role, lang))
	if err != nil {
		return fmt.Errorf("rich menu %s: %w", MenuAlias(role, lang), err)
	}
	for part := range slices.Chunk(users, linkedAtOnce) {
		if err := failure(c.do("api", func() (*http.Response, error) {
			api := c.api
			res, _, err := api.WithContext(ctx).LinkRichMenuIdToUsersWithHttpInfo(&messaging_api.RichMenuBulkLinkRequest{RichMenuId: id, UserIds: part})
			return res, err
		})); err != nil {
			return fmt.Errorf("rich menu %s: %w", MenuAlias(role, lang), err)
		}
	}
	return nil
}

// MenuOf is the menu of a member: the duty switch for whoever may be called, everybody else's menu for the others.
func MenuOf(m casefile.Member) MenuRole {
	switch {
	case m.Role == "" && !m.Desk():
		return MenuCitizen
	case m.OnDuty:
		return MenuOnDuty
	}
	return MenuOffDuty
}
