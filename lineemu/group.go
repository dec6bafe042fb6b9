package lineemu

import (
	"context"
	"errors"
	"slices"
)

// ErrNotInGroup is what a group refuses to somebody who does not read it.
var ErrNotInGroup = errors.New("lineemu: this person is not in the group")

// Group is a chat of several people, and of the account once somebody invited it. All of them read the same, so one
// transcript stands for every phone. There is no rich menu and no loading animation in a group.
type Group struct {
	p       *Platform
	chat    *Phone // what everybody in it reads
	members []*Phone
}

// AddGroup makes a group of people. The account is not in it yet.
func (p *Platform) AddGroup(name string, pinned bool, members ...*Phone) *Group {
	g := &Group{p: p, members: members}
	g.chat = &Phone{p: p, group: g, user: User{ID: "C" + p.ids.hex(32), Name: name, Label: "กลุ่ม LINE / group", Language: "th", Pinned: pinned}}
	p.peopleMu.Lock()
	p.groups = append(p.groups, g)
	p.peopleMu.Unlock()
	p.changed(nil)
	return g
}

// Groups returns all groups in the order of AddGroup.
func (p *Platform) Groups() []*Group {
	p.peopleMu.RLock()
	defer p.peopleMu.RUnlock()
	return slices.Clone(p.groups)
}

// screen is what an ID shows: a person's phone, or the chat of a group; nil for nobody.
func (p *Platform) screen(id string) *Phone {
	if ph := p.Phone(id); ph != nil {
		return ph
	}
	for _, g := range p.Groups() {
		if g.ID() == id {
			return g.chat
		}
	}
	return nil
}

// addressee is who a message to an ID goes to; nil for nobody, and for a group that the account is not in.
func (p *Platform) addressee(id string) *Phone {
	ph := p.screen(id)
	if ph != nil && ph.group != nil && !ph.group.Joined() {
		return nil
	}
	return ph
}

// heads is how many people a message to this screen is counted for.
func (ph *Phone) heads() int {
	if ph.group != nil {
		return len(ph.group.members)
	}
	return 1
}

// ID returns the group ID.
func (g *Group) ID() string { return g.chat.user.ID }

// Members returns who is in the group, without the account.
func (g *Group) Members() []*Phone { return slices.Clone(g.members) }

// Joined reports whether the account is in the group.
func (g *Group) Joined() bool {
	g.chat.mu.Lock()
	defer g.chat.mu.Unlock()
	return g.chat.friend
}

// Invite brings the account into the group.
func (g *Group) Invite() { g.turn("join", true) }

// Remove takes the account out of the group: from then on nothing can be sent to it.
func (g *Group) Remove() { g.turn("leave", false) }

func (g *Group) turn(kind string, in bool) {
	g.chat.mu.Lock()
	same := g.chat.friend == in
	g.chat.friend = in
	g.chat.mu.Unlock()
	if !same {
		g.chat.do(Item{Type: kind}, g.event(kind, in, nil, nil))
	}
}

// event is an event of the group; by is nil when LINE does not say who.
func (g *Group) event(kind string, answerable bool, by *Phone, fields object) *event {
	e := g.chat.event(kind, answerable, fields)
	source := object{"type": "group", "groupId": g.ID()}
	if by != nil {
		source["userId"] = by.ID()
	}
	e.fields["source"] = source
	return e
}

// Say lets a member write into the group and returns the message ID. The account hears it while it is in the group.
func (g *Group) Say(by *Phone, text string) (string, error) {
	if !slices.Contains(g.members, by) {
		return "", ErrNotInGroup
	}
	id := g.p.ids.messages.next()
	i := Item{Type: "text", MessageID: id, Shown: true, Texts: []string{text}, Sender: by.User().Name}
	if !g.Joined() {
		g.chat.do(i, nil)
		return id, nil
	}
	g.chat.do(i, g.event("message", true, by, object{"message": object{"type": "text", "id": id, "text": text, "quoteToken": g.p.ids.hex(32)}}))
	return id, nil
}

// Transcript returns everything that was said in the group, oldest first.
func (g *Group) Transcript() []Item { return g.chat.Transcript() }

// Mark returns a place in the transcript to wait from.
func (g *Group) Mark() int { return g.chat.Mark() }

// WaitSince returns the first item after a Mark that matches, now or when it comes.
func (g *Group) WaitSince(ctx context.Context, mark int, match func(Item) bool) (Item, error) {
	return g.chat.WaitSince(ctx, mark, match)
}
