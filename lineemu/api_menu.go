package lineemu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	_ "image/jpeg" // the two formats that LINE takes
	_ "image/png"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Menu is a rich menu as a person sees it.
type Menu struct {
	ID          string `json:"id"`
	Name        string `json:"name"` // never shown
	ChatBarText string `json:"chatBarText"`
	Selected    bool   `json:"selected"` // open when the chat opens
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Areas       []Area `json:"areas"`
	HasImage    bool   `json:"hasImage"`
}

// Area is a tappable part of a rich menu.
type Area struct {
	X      int    `json:"x"`
	Y      int    `json:"y"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Label  string `json:"label"` // of the action; what a screen reader says
	Action Action `json:"action"`
}

// menus is everything about rich menus that is not on a phone.
type menus struct {
	byID     map[string]*richMenu
	order    []string
	aliases  map[string]string // alias → menu
	standard string            // the default menu, or ""
}

type richMenu struct {
	Menu
	object object // as created, for the getters
	image  []byte
	mime   string
}

func newMenus() menus { return menus{byID: map[string]*richMenu{}, aliases: map[string]string{}} }

// most is how many menus and aliases a channel may have.
const most = 1000

// effectDelay is how long a bulk link takes to show after its 202.
const effectDelay = 20 * time.Millisecond

func (p *Platform) createMenu(c *call) answer {
	var in object
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if bad := checkRichMenu(in); bad != nil {
		return refuseFor(bad)
	}
	var menu struct {
		Name, ChatBarText string
		Selected          bool
		Size              struct{ Width, Height int }
		Areas             []struct {
			Bounds Area
			Action json.RawMessage
		}
	}
	if bad, fine := c.decode(&menu); !fine {
		return bad
	}
	m := &richMenu{object: in, Menu: Menu{
		ID: "richmenu-" + p.ids.hex(32), Name: menu.Name, ChatBarText: menu.ChatBarText, Selected: menu.Selected,
		Width: menu.Size.Width, Height: menu.Size.Height,
	}}
	for _, a := range menu.Areas {
		area := a.Bounds
		if err := json.Unmarshal(a.Action, &area.Action); err != nil {
			return refuseProperty("areas")
		}
		area.Label = firstOf(area.Action.Label, area.Action.DisplayText, area.Action.Text, area.Action.URI, area.Action.Data)
		m.Areas = append(m.Areas, area)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.menus.byID) >= most {
		return refuse(http.StatusBadRequest, fmt.Sprintf("The number of rich menus exceeds the limit of %d", most))
	}
	p.menus.byID[m.ID] = m
	p.menus.order = append(p.menus.order, m.ID)
	return ok(map[string]string{"richMenuId": m.ID})
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func (p *Platform) validateMenu(c *call) answer {
	var in object
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if bad := checkRichMenu(in); bad != nil {
		return refuseFor(bad)
	}
	return ok(none{})
}

// menu finds the menu of the path, or says why not; the caller holds mu.
func (p *Platform) menu(c *call) (*richMenu, answer) {
	if m := p.menus.byID[c.PathValue("richMenuId")]; m != nil {
		return m, answer{}
	}
	return nil, refuse(http.StatusNotFound, "Not found")
}

func (m *richMenu) json() object { return with(m.object, "richMenuId", m.ID) }

func (p *Platform) listMenus(*call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]object, 0, len(p.menus.order))
	for _, id := range p.menus.order {
		list = append(list, p.menus.byID[id].json())
	}
	return ok(map[string]any{"richmenus": list})
}

func (p *Platform) getMenu(c *call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, bad := p.menu(c)
	if m == nil {
		return bad
	}
	return ok(m.json())
}

func (p *Platform) deleteMenu(c *call) answer {
	p.mu.Lock()
	m, bad := p.menu(c)
	if m == nil {
		p.mu.Unlock()
		return bad
	}
	delete(p.menus.byID, m.ID)
	p.menus.order = slices.DeleteFunc(p.menus.order, func(id string) bool { return id == m.ID })
	p.mu.Unlock()
	p.changedMenu()
	return ok(none{})
}

func (p *Platform) getMenuImage(c *call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, bad := p.menu(c)
	switch {
	case m == nil:
		return bad
	case m.image == nil:
		return refuse(http.StatusNotFound, "Not found")
	}
	return answer{status: http.StatusOK, raw: m.image, header: map[string]string{"Content-Type": m.mime}}
}

func (p *Platform) setMenuImage(c *call) answer {
	picture, _, err := image.DecodeConfig(bytes.NewReader(c.bytes))
	p.mu.Lock()
	m, bad := p.menu(c)
	switch {
	case m == nil:
	case m.image != nil:
		m, bad = nil, refuse(http.StatusBadRequest, "An image has already been uploaded to the richmenu")
	case err != nil, len(c.bytes) > 1<<20, picture.Width != m.Width, picture.Height != m.Height:
		m, bad = nil, refuse(http.StatusBadRequest, "The image size is not allowed for richmenu")
	default:
		m.image, m.mime, m.HasImage = c.bytes, c.Header.Get("Content-Type"), true
	}
	p.mu.Unlock()
	if m == nil {
		return bad
	}
	p.changedMenu()
	return ok(none{})
}

func (p *Platform) setDefaultMenu(c *call) answer {
	p.mu.Lock()
	m, bad := p.menu(c)
	if m != nil && m.image == nil {
		m, bad = nil, refuseBare(http.StatusBadRequest, "must upload richmenu image before applying it to user")
	}
	if m != nil {
		p.menus.standard = m.ID
	}
	p.mu.Unlock()
	if m == nil {
		return bad
	}
	p.changedMenu()
	return ok(none{})
}

func (p *Platform) getDefaultMenu(*call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.menus.byID[p.menus.standard] == nil {
		return refuseBare(http.StatusNotFound, "no default richmenu")
	}
	return ok(map[string]string{"richMenuId": p.menus.standard})
}

func (p *Platform) clearDefaultMenu(*call) answer {
	p.mu.Lock()
	p.menus.standard = ""
	p.mu.Unlock()
	p.changedMenu()
	return ok(none{})
}

// friendOf finds the phone of the path; personal menus are for friends only.
func (p *Platform) friendOf(c *call) (*Phone, answer) {
	id := c.PathValue("userId")
	if ph := p.Phone(id); userIDPattern.MatchString(id) && ph != nil && ph.User().Friend {
		return ph, answer{}
	}
	return nil, refuse(http.StatusBadRequest, "The value for the 'userId' parameter is invalid")
}

func (p *Platform) getUserMenu(c *call) answer {
	ph, bad := p.friendOf(c)
	if ph == nil {
		return bad
	}
	ph.mu.Lock()
	id := ph.menuID
	ph.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.menus.byID[id] == nil {
		return refuseBare(http.StatusNotFound, "the user has no richmenu")
	}
	return ok(map[string]string{"richMenuId": id})
}

func (p *Platform) linkUserMenu(c *call) answer {
	ph, bad := p.friendOf(c)
	if ph == nil {
		return bad
	}
	p.mu.Lock()
	m, bad := p.menu(c)
	if m != nil && m.image == nil {
		m, bad = nil, refuseBare(http.StatusBadRequest, "must upload richmenu image before applying it to user")
	}
	p.mu.Unlock()
	if m == nil {
		return bad
	}
	ph.linkMenu(m.ID)
	return ok(none{})
}

func (p *Platform) unlinkUserMenu(c *call) answer {
	ph, bad := p.friendOf(c)
	if ph == nil {
		return bad
	}
	ph.linkMenu("")
	return ok(none{})
}

func (p *Platform) bulkLink(c *call) answer {
	var in struct {
		RichMenuID string   `json:"richMenuId"`
		UserIDs    []string `json:"userIds"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if !menuIDPattern.MatchString(in.RichMenuID) {
		return refuseFor((&checker{details: []Detail{{"invalid richMenuId", "richMenuId"}}}).problem())
	}
	p.mu.Lock()
	m := p.menus.byID[in.RichMenuID]
	bare := m != nil && m.image == nil
	p.mu.Unlock()
	switch {
	case m == nil:
		return refuseBare(http.StatusNotFound, "richmenu not found")
	case bare:
		return refuseBare(http.StatusBadRequest, "must upload richmenu image before applying it to user")
	}
	return p.bulk(in.UserIDs, in.RichMenuID)
}

func (p *Platform) bulkUnlink(c *call) answer {
	var in struct {
		UserIDs []string `json:"userIds"`
	}
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	return p.bulk(in.UserIDs, "")
}

// bulk links later; people who are no friends are passed over in silence.
func (p *Platform) bulk(userIDs []string, menu string) answer {
	if len(userIDs) < 1 || len(userIDs) > 500 {
		return refuseFor((&checker{details: []Detail{{"Size must be between 1 and 500", "userIds"}}}).problem())
	}
	for i, id := range userIDs {
		if !userIDPattern.MatchString(id) {
			return refuseProperty(fmt.Sprintf("userIds[%d]", i))
		}
	}
	p.later(effectDelay, func() {
		for _, id := range userIDs {
			if ph := p.Phone(id); ph != nil && ph.User().Friend {
				ph.linkMenu(menu)
			}
		}
	})
	return answer{status: http.StatusAccepted, body: none{}}
}

type alias struct {
	AliasID    string `json:"richMenuAliasId"`
	RichMenuID string `json:"richMenuId"`
}

// point makes an alias show a menu; the caller holds mu.
func (p *Platform) point(aliasID, menuID string) answer {
	if !menuIDPattern.MatchString(menuID) {
		return refuseFor((&checker{details: []Detail{{"invalid richMenuId", "richMenuId"}}}).problem())
	}
	if m := p.menus.byID[menuID]; m == nil || m.image == nil {
		return refuseBare(http.StatusBadRequest, "richmenu not found")
	}
	p.menus.aliases[aliasID] = menuID
	return ok(none{})
}

func (p *Platform) createAlias(c *call) answer {
	var in alias
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	if !aliasPattern.MatchString(in.AliasID) {
		return refuseFor((&checker{details: []Detail{{"invalid richMenuAliasId", "richMenuAliasId"}}}).problem())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.menus.aliases[in.AliasID]; there {
		return refuseBare(http.StatusBadRequest, "conflict richmenu alias id")
	}
	if len(p.menus.aliases) >= most {
		return refuse(http.StatusBadRequest, fmt.Sprintf("The number of rich menu aliases exceeds the limit of %d", most))
	}
	return p.point(in.AliasID, in.RichMenuID)
}

// alias finds the alias of the path; the caller holds mu.
func (p *Platform) alias(c *call) (string, answer) {
	id := c.PathValue("richMenuAliasId")
	if _, there := p.menus.aliases[id]; !there {
		return "", refuseBare(http.StatusNotFound, "richmenu alias not found")
	}
	return id, answer{}
}

func (p *Platform) updateAlias(c *call) answer {
	var in alias
	if bad, fine := c.decode(&in); !fine {
		return bad
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id, bad := p.alias(c)
	if id == "" {
		return bad
	}
	return p.point(id, in.RichMenuID)
}

func (p *Platform) getAlias(c *call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, bad := p.alias(c)
	if id == "" {
		return bad
	}
	return ok(alias{id, p.menus.aliases[id]})
}

func (p *Platform) deleteAlias(c *call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, bad := p.alias(c)
	if id == "" {
		return bad
	}
	delete(p.menus.aliases, id)
	return ok(none{})
}

func (p *Platform) listAliases(*call) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]alias, 0, len(p.menus.aliases))
	for id, menu := range p.menus.aliases {
		list = append(list, alias{id, menu})
	}
	slices.SortFunc(list, func(a, b alias) int { return strings.Compare(a.AliasID, b.AliasID) })
	return ok(map[string]any{"aliases": list})
}
