package api

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
	"github.com/ess-thailand/ess/policy"
)

// ListContacts serves GET /v1/members/{member}/contacts.
func (s *Server) ListContacts(ctx context.Context, r ListContactsRequestObject) (ListContactsResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	ways, err := s.Addresses.AddressesOf(ctx, r.Member)
	if err != nil {
		return nil, err
	}
	all := ListContacts200JSONResponse{Contacts: make([]Contact, 0, len(ways))}
	for _, w := range ways {
		all.Contacts = append(all.Contacts, Contact{
			Id: w.ID, Channel: w.Channel, Address: masked(w.To), AfterS: w.AfterS, From: timeOfDay(w.FromMinute), Until: timeOfDay(w.UntilMinute),
			VerifiedAt: w.VerifiedAt, CodeWaits: w.CodeWaits,
		})
	}
	return all, nil
}

// masked is as much of an address as its owner needs to know it again: of a
// number the last three digits, of a mailbox the last three letters of its name.
func masked(address string) string {
	name, _, mailbox := strings.Cut(address, "@")
	if runes := []rune(name); len(runes) > 3 {
		name = string(runes[len(runes)-3:])
	}
	if mailbox {
		name += "@…"
	}
	return "•••" + name
}

func timeOfDay(minute *int) string {
	if minute == nil {
		return ""
	}
	return fmt.Sprintf("%02d:%02d", *minute/60, *minute%60)
}

func minuteOf(clock string) *int {
	t, err := time.Parse("15:04", clock)
	if err != nil { // absent; what is there matches openapi.yaml
		return nil
	}
	return new(t.Hour()*60 + t.Minute())
}

// AddContact serves POST /v1/members/{member}/contacts.
func (s *Server) AddContact(ctx context.Context, r AddContactRequestObject) (AddContactResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	b := r.Body
	to, err := addressOn(b.Channel, b.Address)
	if err != nil {
		return nil, err
	}
	if (b.From == "") != (b.Until == "") {
		return nil, invalid("until", "โปรดระบุทั้งเวลาเริ่มและเวลาสิ้นสุด", "give both times, or none")
	}
	id, err := s.Addresses.AddAddress(ctx, Way{
		Member: r.Member, Channel: b.Channel, To: to, AfterS: b.AfterS, FromMinute: minuteOf(b.From), UntilMinute: minuteOf(b.Until),
	}, Viewer(ctx).Actor())
	return AddContact201JSONResponse{Id: id}, err
}

// addressOn is an address in the one form in which it is kept and looked for.
func addressOn(channel casefile.Channel, address string) (string, error) {
	if channel != casefile.ChannelEmail {
		number, ok := phone.E164(address)
		if !ok {
			return "", invalid("address", "ไม่ใช่หมายเลขโทรศัพท์", "not a phone number")
		}
		return number, nil
	}
	box, err := mail.ParseAddress(address)
	if err != nil || box.Name != "" || strings.ContainsAny(box.Address, "\r\n\x00") {
		return "", invalid("address", "ไม่ใช่ที่อยู่อีเมล", "not a mailbox")
	}
	return box.Address, nil
}

// RemoveContact serves DELETE /v1/members/{member}/contacts/{contact}.
func (s *Server) RemoveContact(ctx context.Context, r RemoveContactRequestObject) (RemoveContactResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	return RemoveContact204Response{}, s.Addresses.RemoveAddress(ctx, r.Member, r.Contact, Viewer(ctx).Actor())
}

// SendCode serves POST /v1/members/{member}/contacts/{contact}/code.
func (s *Server) SendCode(ctx context.Context, r SendCodeRequestObject) (SendCodeResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	proof, err := s.Addresses.NewCode(ctx, r.Member, r.Contact, s.Policy.Channels.Code.Duration, Viewer(ctx).Actor())
	if err != nil {
		return nil, err
	}
	sent, err := s.Messenger.Send(ctx, activities.Outgoing{
		Channel: proof.Channel, To: proof.To, Key: fmt.Sprintf("contact/%s/%d", r.Contact, time.Now().UnixNano()), Language: proof.Language,
		Template: "contact_code", Args: activities.Args{Code: proof.Code},
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("send a code: %w: %w", ErrAway, err)
	case sent.Outcome == activities.OutcomeNoContact:
		return nil, invalid("contact", "ระบบนี้ไม่ได้ตั้งค่าช่องทางนี้ไว้", "this channel is not set up here")
	case sent.Outcome != activities.OutcomeAccepted:
		return nil, invalid("contact", "ช่องทางนี้ไม่รับข้อความถึงที่อยู่นี้", "the channel does not take messages to this address")
	}
	return SendCode202Response{}, nil
}

// ConfirmContact serves POST /v1/members/{member}/contacts/{contact}/confirm.
func (s *Server) ConfirmContact(ctx context.Context, r ConfirmContactRequestObject) (ConfirmContactResponseObject, error) {
	if _, err := s.member(ctx, r.Member); err != nil {
		return nil, err
	}
	code := strings.ReplaceAll(phone.Digits(r.Body.Code), " ", "")
	return ConfirmContact204Response{}, s.Addresses.ConfirmCode(ctx, r.Member, r.Contact, code, s.Policy.Channels.CodeTries, Viewer(ctx).Actor())
}

// ListUnreachable serves GET /v1/roster/unreachable. What is missing in the whole
// country is everybody's concern.
func (s *Server) ListUnreachable(ctx context.Context, r ListUnreachableRequestObject) (ListUnreachableResponseObject, error) {
	p := r.Params
	province, err := Viewer(ctx).province(p.Province)
	if err != nil {
		return nil, err
	}
	people, err := s.Addresses.Unreachable(ctx, province, casefile.MemberID(p.After), p.Limit+1)
	if err != nil {
		return nil, err
	}
	list := ListUnreachable200JSONResponse{People: orEmpty(people), Ladders: []LadderEnd{}}
	if len(people) > p.Limit {
		list.People, list.Next = people[:p.Limit], people[p.Limit-1].Member
	}
	units, desks, live, err := s.Addresses.Ladders(ctx)
	if err != nil {
		return nil, err
	}
	for _, end := range policy.EndsAtNobody(s.Policy.At(s.Now()), units, desks, live) {
		if end.Province != "" && province != "" && end.Province != province {
			continue
		}
		e := LadderEnd{Province: end.Province, Role: string(end.Role)}
		for _, l := range end.Levels {
			e.Levels = append(e.Levels, string(l))
		}
		list.Ladders = append(list.Ladders, e)
	}
	return list, nil
}
