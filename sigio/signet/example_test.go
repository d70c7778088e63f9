package signet_test

import (
	"fmt"
	"io"
	"log"
	"net"

	"github.com/sigmalang/sigma/sigio/signet"
)

// Both ends wrap their side of a connection.
func Example() {
	here, there := net.Pipe() // or any other net.Conn
	client, server := signet.NewConn(here), signet.NewConn(there)

	go func() {
		io.WriteString(client, "hello") // can be read at once
		client.CloseWrite()
	}()
	message, err := io.ReadAll(server)
	fmt.Printf("%s %v\n", message, err)
	// Output: hello <nil>
}

// A server and its clients agree by themselves, and those who do not compress
// are served as well.
func ExampleListener() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	listener := signet.NewListener(l)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()

	var compressing signet.Dialer
	for _, dial := range []func(network, address string) (net.Conn, error){compressing.Dial, net.Dial} {
		conn, err := dial("tcp", listener.Addr().String())
		if err != nil {
			log.Fatal(err)
		}
		io.WriteString(conn, "hello")
		p := make([]byte, 5)
		io.ReadFull(conn, p)
		_, compressed := conn.(*signet.Conn)
		fmt.Printf("%s %t\n", p, compressed)
		conn.Close()
	}
	// Output:
	// hello true
	// hello false
}
