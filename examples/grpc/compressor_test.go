package grpc

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const most = 1 << 20

// The registry of grpc-go belongs to the process.
func TestMain(m *testing.M) {
	encoding.RegisterCompressor(NewCompressor(most))
	m.Run()
}

const echoMethod = "/test.Echo/Echo"

// serve runs a server whose one method sends back what it got.
func serve(t *testing.T) *grpc.ClientConn {
	echo := func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(wrapperspb.StringValue)
		return in, decode(in)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(16 << 20))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Echo", Handler: echo}},
	}, nil)
	listener, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.UseCompressor(Name), grpc.MaxCallRecvMsgSize(16<<20)))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestMessages(t *testing.T) {
	conn := serve(t)
	var wait sync.WaitGroup
	for i := range 32 {
		wait.Go(func() {
			for _, n := range []int{0, 1, 100, 70_000, 800_000} {
				sent := wrapperspb.String(strings.Repeat(string(rune('a'+i%26)), n))
				got := new(wrapperspb.StringValue)
				if err := conn.Invoke(t.Context(), echoMethod, sent, got); err != nil || got.Value != sent.Value {
					t.Errorf("%d bytes: %v", n, err)
				}
			}
		})
	}
	wait.Wait()
}

// A small message that becomes a large one is refused by the adapter, although
// the server would take it.
func TestSizeLimit(t *testing.T) {
	err := serve(t).Invoke(t.Context(), echoMethod, wrapperspb.String(strings.Repeat("x", most+1)), new(wrapperspb.StringValue))
	require.Contains(t, []codes.Code{codes.Internal, codes.ResourceExhausted}, status.Code(err), "%v", err)
	require.ErrorContains(t, err, "limit exceeded")
}

func TestDamagedMessage(t *testing.T) {
	c := NewCompressor(most)
	var stream bytes.Buffer
	w, err := c.Compress(&stream)
	require.NoError(t, err)
	_, err = io.WriteString(w, strings.Repeat("message ", 100))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	_, err = w.Write([]byte("x"))
	require.ErrorIs(t, err, sigio.ErrClosed)
	for n := range stream.Len() {
		r, err := c.Decompress(bytes.NewReader(stream.Bytes()[:n]))
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		_, err = r.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}
