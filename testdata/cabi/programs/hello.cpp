// cppzmq on the library: requests, parts, copies and no copies, polling, a monitor,
// errors.
//
//	g++ hello.cpp -lzmq -lpthread
#include <zmq.hpp>
#include <zmq_addon.hpp>

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			std::cerr << __FILE__ << ":" << __LINE__ << ": " << #condition << "\n"; \
			std::exit(1); \
		} \
	} while (0)

static void requests(zmq::context_t &context) {
	zmq::socket_t rep(context, zmq::socket_type::rep);
	rep.bind("tcp://127.0.0.1:*");
	const std::string endpoint = rep.get(zmq::sockopt::last_endpoint);
	std::thread server([&] {
		for (int i = 0; i < 100; i++) {
			zmq::message_t request;
			CHECK(rep.recv(request));
			rep.send(zmq::buffer("re: " + request.to_string()), zmq::send_flags::none);
		}
	});
	zmq::socket_t req(context, zmq::socket_type::req);
	req.set(zmq::sockopt::linger, 0);
	req.connect(endpoint);
	for (int i = 0; i < 100; i++) {
		req.send(zmq::buffer(std::to_string(i)), zmq::send_flags::none);
		zmq::message_t reply;
		CHECK(req.recv(reply));
		CHECK(reply.to_string() == "re: " + std::to_string(i));
		CHECK(std::string(reply.gets("Socket-Type")) == "REP");
	}
	server.join();
}

static void parts(zmq::context_t &context) {
	zmq::socket_t pull(context, zmq::socket_type::pull), push(context, zmq::socket_type::push);
	pull.bind("inproc://parts");
	push.connect("inproc://parts");
	zmq::multipart_t message;
	message.addstr("one");
	message.addtyp<int>(2);
	message.addmem(nullptr, 0);
	CHECK(message.send(push));
	zmq::multipart_t got;
	CHECK(got.recv(pull) && got.size() == 3);
	CHECK(got.popstr() == "one" && got.poptyp<int>() == 2 && got.pop().size() == 0);
	std::vector<zmq::message_t> list;
	CHECK(zmq::send_multipart(push, std::vector<zmq::const_buffer>{zmq::str_buffer("a"), zmq::str_buffer("b")}) == 2);
	CHECK(zmq::recv_multipart(pull, std::back_inserter(list)) == 2 && list[1].to_string_view() == "b");
}

static int freed;

static void owned(zmq::context_t &context) {
	static char memory[100000];
	{
		zmq::socket_t a(context, zmq::socket_type::pair), b(context, zmq::socket_type::pair);
		a.bind("inproc://owned");
		b.connect("inproc://owned");
		zmq::message_t message(memory, sizeof memory, [](void *, void *) { freed++; }, nullptr), copy;
		copy.copy(message);
		CHECK(a.send(message, zmq::send_flags::none) == sizeof memory);
		zmq::message_t got;
		CHECK(b.recv(got) == sizeof memory);
		CHECK(got == copy);
	}
	for (int i = 0; i < 1000 && freed == 0; i++) // by the thread of the last holder
		usleep(1000);
	CHECK(freed == 1);
}

struct watcher : zmq::monitor_t {
	int listening = 0;
	void on_event_listening(const zmq_event_t &, const char *) override { listening++; }
};

static void polled(zmq::context_t &context) {
	zmq::socket_t xpub(context, zmq::socket_type::xpub), sub(context, zmq::socket_type::sub);
	watcher watch;
	watch.init(xpub, "inproc://watch");
	xpub.bind("tcp://127.0.0.1:*");
	CHECK(watch.check_event(5000) && watch.listening == 1);
	sub.set(zmq::sockopt::subscribe, "a");
	sub.connect(xpub.get(zmq::sockopt::last_endpoint));
	zmq::message_t subscription;
	CHECK(xpub.recv(subscription) && subscription.to_string_view() == "\1a");
	xpub.send(zmq::str_buffer("b"), zmq::send_flags::none);
	xpub.send(zmq::str_buffer("a"), zmq::send_flags::none);
	zmq::pollitem_t items[] = {{sub, 0, ZMQ_POLLIN, 0}, {xpub, 0, ZMQ_POLLIN, 0}};
	CHECK(zmq::poll(items, 2, std::chrono::seconds(10)) == 1);
	CHECK(items[0].revents == ZMQ_POLLIN && items[1].revents == 0);
	CHECK(sub.recv(subscription) && subscription.to_string_view() == "a");
	CHECK(!sub.recv(subscription, zmq::recv_flags::dontwait));
}

static void mistakes(zmq::context_t &context) {
	zmq::socket_t push(context, zmq::socket_type::push);
	try {
		push.bind("xyz://x");
		CHECK(false);
	} catch (const zmq::error_t &e) {
		CHECK(e.num() == EPROTONOSUPPORT);
	}
	context.shutdown();
	try {
		push.send(zmq::str_buffer("x"), zmq::send_flags::none);
		CHECK(false);
	} catch (const zmq::error_t &e) {
		CHECK(e.num() == ETERM);
	}
}

int main() {
	alarm(30);
	CHECK(zmq::version() == std::make_tuple(4, 3, 5));
	zmq::context_t context;
	requests(context);
	parts(context);
	owned(context);
	polled(context);
	mistakes(context);
	return 0;
}
