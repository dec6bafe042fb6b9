package channel

import "time"

// Incoming is a message that somebody wrote to us. It is personal as a whole.
type Incoming struct {
	ID   string    `json:"id"` // of the provider, the same when it is handed over again; empty: it has none
	From string    `json:"from"`
	Text string    `json:"text"`
	At   time.Time `json:"at,omitzero"` // as the provider says; zero: it does not
}

// Receipt is what a provider says later of a message that it took from us.
type Receipt struct {
	ID        string    `json:"id"`        // what it called the message when it took it
	Delivered bool      `json:"delivered"` // otherwise it will not be
	At        time.Time `json:"-"`         // when we heard of it
}
